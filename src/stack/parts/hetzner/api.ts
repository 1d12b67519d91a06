import { rootCertificates } from "node:tls";
import { defined, mapped, setting } from "../../../core/base/index.ts";
import type { HetznerMachine } from "../../../config/index.ts";
import {
  endpointOf,
  type HetznerAccess,
  HetznerApi,
  readToken,
  rememberedIssuers,
  type HetznerTokenSource,
} from "../../../providers/hetzner/index.ts";
import type { IssuerMemory, PartContext, UnnamedContext } from "../part.ts";

export type HetznerContext = Pick<PartContext, "env" | "clock" | "route" | "notice">;

/** Where the token of a config is found. */
export function tokenPlaceOf(
  { env }: Pick<PartContext, "env">,
  { tokenFile }: HetznerMachine,
): HetznerTokenSource {
  return { env, ...defined({ file: tokenFile }) };
}

/** How to reach a server whose certificate may be a private authority's, beside the public ones. */
export function hetznerRoute({
  route = {},
}: Pick<PartContext, "route">): Pick<HetznerAccess, "ca" | "connectTo"> {
  const { ca, connectTo } = route;
  return {
    ...defined({ ca: mapped(ca, (root) => [...rootCertificates, root]), connectTo }),
  };
}

/** Hetzner's API with the token of a config. Throws errors of endpoint and token. */
export async function hetznerApi(context: HetznerContext, hetzner: HetznerMachine): Promise<HetznerApi> {
  const { env, clock, notice = () => {} } = context;
  const endpoint = endpointOf(setting(env, "HCLOUD_ENDPOINT"));
  const token = await readToken(tokenPlaceOf(context, hetzner));
  return new HetznerApi({
    ...hetznerRoute(context),
    endpoint,
    token,
    clock,
    onSlowDown: notice,
  });
}

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
