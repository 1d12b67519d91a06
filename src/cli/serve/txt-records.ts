import { PodtrustError } from "../../base/index.ts";
import type { ServeOptions } from "../../publisher/index.ts";
import type { CommandContext } from "../context.ts";

type OpenTxtRecords = NonNullable<ServeOptions["openTxtRecords"]>;

/** Opens the zone in which names are proved, with what a command has. */
export type OpenTxt = (
  context: CommandContext,
  ...asked: Parameters<OpenTxtRecords>
) => ReturnType<OpenTxtRecords>;

/** With Cloudflare alone, which needs no SDK. */
export const openTxtAtCloudflare: OpenTxt = async ({ env, clock }, { dns, stack }, waiting) => {
  const { provider } = dns;
  if (provider.kind !== "cloudflare") {
    throw new PodtrustError("usage", `this program proves names by dns-01 at Cloudflare alone`, {
      next: "Use podtrust serve, installed from npm, or the challenge http-01 or tls-alpn-01.",
    });
  }
  const { cloudflareAccess, cloudflareDns } = await import("../../cloudflare/index.ts");
  const { askServers, challengeRecords } = await import("../../dns/index.ts");
  const access = await cloudflareAccess(provider.cloudflare, env);
  const opened = cloudflareDns({ access, stack, clock, waiting });
  return challengeRecords({ provider: opened, clock, ask: askServers(), waiting });
};
