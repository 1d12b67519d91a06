import type { Config } from "../../config/index.ts";
import { publisherNames } from "../../providers/host/index.ts";
import { recordNames } from "../../rules/dns/index.ts";

/**
 * Ids of what makes the issuer answer, if it is part of the same plan: a relying party that fetches it comes after
 * them. Ids outside a plan are ignored.
 */
export function issuerMakers({ stack, issuer }: Pick<Config, "stack" | "issuer">): readonly string[] {
  const name = new URL(issuer).hostname;
  const records = (["A", "AAAA", "CAA"] as const).map((type) => recordNames({ name, type }).id);
  return [publisherNames(stack).id, ...records];
}
