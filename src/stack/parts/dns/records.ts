import { isIP } from "node:net";
import type { Config, DnsConfig } from "../../../config/index.ts";
import { canonicalValue, type RecordWish } from "../../../dns/index.ts";

/** Seconds for which resolvers keep what they were told: short, so that a machine can be replaced. */
const ttl = 60;

const families = [
  { type: "A", family: 4 },
  { type: "AAAA", family: 6 },
] as const;

/** The name under which the issuer is published. */
export function issuerHost({ issuer }: Pick<Config, "issuer">): string {
  return new URL(issuer).hostname;
}

/** The records that a config wants at the issuer's name. */
export function recordsOf(config: Config, { addresses = [] }: DnsConfig): readonly RecordWish[] {
  const name = issuerHost(config);
  return families.flatMap(({ type, family }): RecordWish[] => {
    const values = addresses
      .filter((address) => isIP(address) === family)
      .map((address) => canonicalValue(type, address));
    return values.length === 0 ? [] : [{ name, type, ttl, values: [...new Set(values)] }];
  });
}
