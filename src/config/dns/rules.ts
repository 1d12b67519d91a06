import { isRecord } from "../../core/base/index.ts";
import { keyText, type KeyPath } from "../mistakes/problem.ts";
import { listAt, repeated, type ConfigRule, textAt, valueAt } from "../mistakes/rule.ts";

const providers = ["cloudflare", "route53", "hetzner"] as const;

const oneProvider: ConfigRule = (document) => {
  const section = valueAt(document.value, ["dns"]);
  if (!isRecord(section)) return [];
  const named = providers.filter((key) => key in section);
  if (named.length === 1) return [];
  const message = named.length === 0 ? "names no provider" : `has both ${named.join(" and ")}`;
  return [{ key: "dns", ...document.positionOf(["dns"]), message, accepted: providers.join(", ") }];
};

const addressesOnce: ConfigRule = (document) =>
  repeated(
    document,
    listAt(document, ["dns", "addresses"]).map((_, index) => ["dns", "addresses", index]),
    true,
  );

const tokensDiffer: ConfigRule = (document) =>
  (["cloudflare", "hetzner"] as const).flatMap((provider) => {
    const path: KeyPath = ["dns", provider, "publisherTokenFile"];
    const file = textAt(document, path);
    if (file === undefined || file !== textAt(document, ["dns", provider, "tokenFile"])) return [];
    const message = "is the file of tokenFile: what the publisher has is to be taken back alone";
    return [{ key: keyText(path), ...document.positionOf(path), message, accepted: "another token's file" }];
  });

/** What has to fit together in the dns section. */
export const dnsRules: readonly ConfigRule[] = [oneProvider, addressesOnce, tokensDiffer];
