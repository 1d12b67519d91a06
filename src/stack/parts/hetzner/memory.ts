import { rememberedIssuers } from "../../../providers/hetzner/index.ts";
import type { IssuerMemory, UnnamedContext } from "../part.ts";
import { hetznerApi } from "./api.ts";

/** The names below the config's zone that the labels of its machine's firewall remember. */
export function hetznerMemories(context: UnnamedContext): readonly IssuerMemory[] {
  const { config } = context;
  const hetzner = config.machine?.hetzner;
  if (hetzner === undefined) return [];
  return [
    {
      async issuerHosts(signal) {
        return rememberedIssuers(await hetznerApi(context, hetzner), config, signal);
      },
    },
  ];
}
