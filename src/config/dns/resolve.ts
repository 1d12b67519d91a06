import { type ConfigSource, placeOf } from "../places.ts";
import type { DnsConfig } from "./config.ts";
import type { DnsInput } from "./schema.ts";

/** The dns section with defaults. */
export function resolveDns(input: DnsInput, { file, env }: ConfigSource): DnsConfig {
  const { cloudflare, addresses } = input === "cloudflare" ? { cloudflare: {} } : { ...input };
  const { tokenFile } = cloudflare ?? {};
  return {
    provider: {
      kind: "cloudflare",
      cloudflare: tokenFile === undefined ? {} : { tokenFile: placeOf(tokenFile, file, env) },
    },
    ...(addresses === undefined ? {} : { addresses }),
  };
}
