import { type ConfigSource, placeOf } from "../places.ts";
import type { DnsConfig } from "./config.ts";
import type { DnsInput } from "./schema.ts";

type Section = Exclude<DnsInput, string>;

function resolveProvider(section: Section, { file, env }: ConfigSource): DnsConfig["provider"] {
  const { cloudflare, hetzner, route53 = {} } = section;
  const tokenOf = ({ tokenFile }: { tokenFile?: string | undefined }): { readonly tokenFile?: string } =>
    tokenFile === undefined ? {} : { tokenFile: placeOf(tokenFile, file, env) };
  if (cloudflare !== undefined) return { kind: "cloudflare", cloudflare: tokenOf(cloudflare) };
  if (hetzner !== undefined) return { kind: "hetzner", hetzner: tokenOf(hetzner) };
  const { profile, assumeRole } = route53;
  return {
    kind: "route53",
    route53: {
      ...(profile === undefined ? {} : { profile }),
      ...(assumeRole === undefined ? {} : { assumeRole }),
    },
  };
}

/** The dns section with defaults. */
export function resolveDns(input: DnsInput, source: ConfigSource): DnsConfig {
  const section: Section = typeof input === "string" ? { [input]: {} } : input;
  const { addresses, caa = true } = section;
  return {
    provider: resolveProvider(section, source),
    caa,
    ...(addresses === undefined ? {} : { addresses }),
  };
}
