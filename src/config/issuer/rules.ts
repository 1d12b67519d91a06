import { type ConfigRule, textAt, valueAt } from "../mistakes/rule.ts";

/** What a name below a zone needs. */
export const issuerRules: readonly ConfigRule[] = [
  (document) => {
    if (textAt(document, ["issuer", "zone"]) === undefined) return [];
    const base = { key: "issuer.zone", ...document.positionOf(["issuer", "zone"]) };
    const needsDns = valueAt(document.value, ["dns"]) === undefined;
    const isInBucket = valueAt(document.value, ["publisher", "s3"]) !== undefined;
    return [
      ...(needsDns
        ? [{ ...base, message: "needs a DNS provider for the zone", accepted: "dns with a provider" }]
        : []),
      ...(isInBucket
        ? [
            {
              ...base,
              message: "gives a name, and a bucket has one already",
              accepted: "the bucket's URL as issuer",
            },
          ]
        : []),
    ];
  },
];
