import { type Clock, defined, setting } from "../../../core/base/index.ts";
import type { DnsProvider } from "../../../rules/dns/index.ts";
import { HetznerApi } from "../client.ts";
import { endpointOf } from "../endpoint.ts";
import { readToken, tokenSourceText } from "../token.ts";
import { hetznerDns } from "./provider.ts";
import type { StackOwner } from "../../../rules/plan/index.ts";

/** The token for Hetzner's DNS: from a file, else from HCLOUD_TOKEN. */
export interface HetznerDnsAccess {
  readonly tokenFile?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** Hetzner's DNS for a stack; asks nothing yet. Throws what is wrong with endpoint and token. */
export async function openHetznerDns(
  { tokenFile, env, clock }: HetznerDnsAccess,
  stack: StackOwner,
): Promise<DnsProvider> {
  const place = { env, ...defined({ file: tokenFile }) };
  const endpoint = endpointOf(setting(env, "HCLOUD_ENDPOINT"));
  const api = new HetznerApi({ endpoint, token: await readToken(place), clock });
  return hetznerDns(api, stack, `the token of ${tokenSourceText(place)}`);
}
