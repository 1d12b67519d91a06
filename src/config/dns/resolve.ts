import { type ConfigSource, placeOf } from "../places.ts";
import type { DnsConfig } from "./config.ts";
import type { DnsInput } from "./schema.ts";

/** The dns section with defaults. */
export function resolveDns(input: DnsInput, { file, env }: ConfigSource): DnsConfig {
  const section = typeof input === "string" ? { [input]: {} } : input;
  const { cloudflare, route53 = {}, addresses, caa = true } = section;
  const { tokenFile } = cloudflare ?? {};
  const { profile, assumeRole } = route53;
  return {
    provider:
      cloudflare === undefined
        ? {
            kind: "route53",
            route53: {
              ...(profile === undefined ? {} : { profile }),
              ...(assumeRole === undefined ? {} : { assumeRole }),
            },
          }
        : {
            kind: "cloudflare",
            cloudflare: tokenFile === undefined ? {} : { tokenFile: placeOf(tokenFile, file, env) },
          },
    caa,
    ...(addresses === undefined ? {} : { addresses }),
  };
}
