import { isRecord } from "../../base/index.ts";
import { listAt, repeated, type Rule, valueAt } from "../mistakes/rule.ts";

const providers = ["cloudflare", "route53", "hetzner"] as const;

const oneProvider: Rule = (document) => {
  const section = valueAt(document.value, ["dns"]);
  if (!isRecord(section)) return [];
  const named = providers.filter((key) => key in section);
  if (named.length === 1) return [];
  const message = named.length === 0 ? "names no provider" : `has both ${named.join(" and ")}`;
  return [{ key: "dns", ...document.positionOf(["dns"]), message, accepted: providers.join(", ") }];
};

const addressesOnce: Rule = (document) =>
  repeated(
    document,
    listAt(document, ["dns", "addresses"]).map((_, index) => ["dns", "addresses", index]),
    true,
  );

/** What has to fit together in the dns section. */
export const dnsRules: readonly Rule[] = [oneProvider, addressesOnce];
