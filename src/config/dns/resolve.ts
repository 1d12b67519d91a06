import { defined, mapped } from "../../core/base/index.ts";
import { type ConfigSource, absolutePath } from "../paths.ts";
import type { CloudflareConfig, DnsConfig, HetznerDnsConfig } from "./config.ts";
import type { DnsInput, TokenFiles } from "./schema.ts";

type Section = Exclude<DnsInput, string>;

function resolveProvider(section: Section, { file, env }: ConfigSource): DnsConfig["provider"] {
  const { cloudflare, hetzner, route53 = {} } = section;
  const place = (name: string): string => absolutePath(name, file, env);
  const tokensOf = ({ tokenFile, publisherTokenFile }: TokenFiles): CloudflareConfig & HetznerDnsConfig => ({
    ...defined({
      tokenFile: mapped(tokenFile, place),
      publisherTokenFile: mapped(publisherTokenFile, place),
    }),
  });
  if (cloudflare !== undefined) return { kind: "cloudflare", cloudflare: tokensOf(cloudflare) };
  if (hetzner !== undefined) return { kind: "hetzner", hetzner: tokensOf(hetzner) };
  const { profile, assumeRole } = route53;
  return {
    kind: "route53",
    route53: defined({ profile, assumeRole }),
  };
}

/** The dns section with defaults. */
export function resolveDns(input: DnsInput, source: ConfigSource): DnsConfig {
  const section: Section = typeof input === "string" ? { [input]: {} } : input;
  const { addresses, caa = true } = section;
  return {
    provider: resolveProvider(section, source),
    caa,
    ...defined({ addresses }),
  };
}
