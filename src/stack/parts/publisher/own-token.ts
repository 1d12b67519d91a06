import { defined, PodtrustError, type Environment } from "../../../core/base/index.ts";
import { cloudflareAccess } from "../../../providers/cloudflare/index.ts";
import { type Config, type DnsConfig, publisherTokenFile } from "../../../config/index.ts";
import { readToken } from "../../../providers/hetzner/index.ts";

type TokenFile = Readonly<{ tokenFile?: string }>;

async function tokenOf(
  kind: DnsConfig["provider"]["kind"],
  place: TokenFile,
  env: Environment,
): Promise<string> {
  if (kind === "cloudflare") return (await cloudflareAccess(place, env)).token;
  const { tokenFile } = place;
  return readToken({ env, ...defined({ file: tokenFile }) });
}

/** Sources of the tokens that podtrust itself uses at the provider; Hetzner's also rent machines. */
function othersOf({ dns, machine }: Config): readonly TokenFile[] {
  const provider = dns?.provider;
  if (provider?.kind === "cloudflare") return [provider.cloudflare];
  if (provider?.kind !== "hetzner") return [];
  return machine?.hetzner === undefined ? [provider.hetzner] : [provider.hetzner, machine.hetzner];
}

/**
 * Checks the token that a machine will use for dns-01, before it is sent: it must have a token's form, and not be
 * podtrust's own, which could not be revoked alone and may do more. Throws `usage`, and errors of the file.
 */
export async function checkOwnToken(config: Config, env: Environment): Promise<void> {
  const { dns, publisher, file } = config;
  if (dns === undefined || publisher?.serve.kind !== "acme" || publisher.serve.acme.challenge !== "dns-01")
    return;
  const tokenFile = publisherTokenFile(dns);
  if (tokenFile === undefined) return;
  const { kind } = dns.provider;
  const own = await tokenOf(kind, { tokenFile }, env);
  for (const place of othersOf(config)) {
    // If podtrust has no token of its own here, the file does not hold it.
    const other = await tokenOf(kind, place, env).catch(() => undefined);
    if (other !== own) continue;
    throw new PodtrustError(
      "usage",
      `${file}: dns.${kind}.publisherTokenFile holds the token that podtrust itself works with`,
      { next: "Make the publisher a token of its own for this zone: it can then be taken back alone." },
    );
  }
}
