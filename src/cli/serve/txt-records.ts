import { PodtrustError } from "../../core/base/index.ts";
import type { DnsProvider } from "../../rules/dns/index.ts";
import type { ServeOptions } from "../../publisher/configs/index.ts";
import type { CommandContext } from "../context.ts";

type OpenTxtRecords = NonNullable<ServeOptions["openTxtRecords"]>;

/** Opens the zone in which names are proved, with a command's context. */
export type OpenTxt = (
  context: CommandContext,
  ...asked: Parameters<OpenTxtRecords>
) => ReturnType<OpenTxtRecords>;

type OpenArguments = Parameters<OpenTxtRecords>;

async function providerOf(
  { env, clock }: CommandContext,
  { dns, ...stack }: OpenArguments[0],
  waiting: OpenArguments[1],
): Promise<DnsProvider> {
  const { provider } = dns;
  if (provider.kind === "cloudflare") {
    const { cloudflareAccess, cloudflareDns } = await import("../../providers/cloudflare/index.ts");
    const access = await cloudflareAccess(provider.cloudflare, env);
    return cloudflareDns({ access, ...stack, clock, waiting });
  }
  if (provider.kind === "hetzner") {
    const { openHetznerDns } = await import("../../providers/hetzner/index.ts");
    return openHetznerDns({ ...provider.hetzner, env, clock }, stack);
  }
  throw new PodtrustError("usage", "this program proves names by dns-01 at Cloudflare and Hetzner alone", {
    next: "Use podtrust serve, installed from npm, or the challenge http-01 or tls-alpn-01.",
  });
}

/** With the providers that need no SDK. */
export const openTxtWithoutSdk: OpenTxt = async (context, zone, waiting) => {
  const { askServers, challengeRecords } = await import("../../providers/dns/index.ts");
  const provider = await providerOf(context, zone, waiting);
  return challengeRecords({ provider, clock: context.clock, ask: askServers(), waiting });
};
