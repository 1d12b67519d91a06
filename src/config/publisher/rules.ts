import { defined, isRecord } from "../../core/base/index.ts";
import { issuerProblems } from "../../rules/oidc/index.ts";
import { keyText, type KeyPath, valueText } from "../mistakes/problem.ts";
import { httpsUrlAt, listAt, repeated, type ConfigRule, textAt, valueAt } from "../mistakes/rule.ts";
import { backupRules } from "./backup-rules.ts";
import { s3Problems } from "./s3-location.ts";

const onePlaceToPublish: ConfigRule = (document) => {
  const section = valueAt(document.value, ["publisher"]);
  if (!isRecord(section)) return [];
  const chosen = ["https", "insecurePlainHttpBehindProxy", "s3"].filter((key) => key in section);
  const base = { key: "publisher", ...document.positionOf(["publisher"]) };
  if (chosen.length === 0)
    return [{ ...base, message: "does not say how to publish", accepted: "https or s3" }];
  if (chosen.length === 1) return [];
  return [{ ...base, message: `has both ${chosen.join(" and ")}`, accepted: "one of them" }];
};

const urlsLeadIntoTheBucket: ConfigRule = (document) => {
  const section: KeyPath = ["publisher", "s3"];
  const issuer = textAt(document, ["issuer"]);
  const [bucket, region] = ["bucket", "region"].map((key) => textAt(document, [...section, key]));
  if (issuer === undefined || bucket === undefined || region === undefined) return [];
  // The schema's mistake about the issuer is enough.
  if (issuerProblems(issuer).length > 0) return [];
  const jwksUri = httpsUrlAt(document, ["publisher", "jwksUri"]);
  const prefix = textAt(document, [...section, "prefix"]) ?? "";
  const spec = { issuer, bucket, region, prefix, ...defined({ jwksUri }) };
  return s3Problems(spec).map(({ of, message, next }) => {
    const path: KeyPath = of === "issuer" ? ["issuer"] : ["publisher", "jwksUri"];
    const value = valueText(of === "issuer" ? issuer : jwksUri);
    return { key: keyText(path), ...document.positionOf(path), value, message, next };
  });
};

const secondCertificateHasAHost: ConfigRule = (document) => {
  const path: KeyPath = ["publisher", "https", "jwks"];
  if (valueAt(document.value, path) === undefined) return [];
  const issuer = httpsUrlAt(document, ["issuer"]);
  const jwksUri = httpsUrlAt(document, ["publisher", "jwksUri"]);
  // A name below a zone is random: no other host can have it.
  const isZone = textAt(document, ["issuer", "zone"]) !== undefined;
  const isElsewhere =
    issuer !== undefined && jwksUri !== undefined && new URL(issuer).host !== new URL(jwksUri).host;
  if (isElsewhere || (isZone && jwksUri !== undefined)) return [];
  const message = "is for a host of its own, and jwksUri has none but the issuer's";
  const next = "Set publisher.jwksUri to a URL on the other host, or leave jwks out.";
  return [{ key: keyText(path), ...document.positionOf(path), message, next }];
};

const oneLastingPlace: ConfigRule = (document) => {
  const path: KeyPath = ["publisher", "distrustSecret"];
  const both = [path, ["publisher", "store"] as const].every(
    (one) => valueAt(document.value, one) !== undefined,
  );
  if (!both) return [];
  const message = "is not needed beside store, which keeps distrusted keys too";
  return [{ key: keyText(path), ...document.positionOf(path), message, next: "Leave it out." }];
};

const formerIssuersAreOthers: ConfigRule = (document) => {
  const section: KeyPath = ["publisher", "formerIssuers"];
  const paths = listAt(document, section).map((_one, index): KeyPath => [...section, index]);
  const ours = textAt(document, ["issuer"]);
  const wrong = paths.flatMap((path) => {
    const text = httpsUrlAt(document, path);
    if (text === undefined) return [];
    const base = { key: keyText(path), ...document.positionOf(path), value: valueText(text) };
    const { username, password } = new URL(text);
    if (username + password !== "" || /[?#]/u.test(text))
      return [{ ...base, message: "has a user, a query or a fragment, which no issuer has" }];
    if (text !== ours) return [];
    const next = "List the issuers that the cluster had before, or leave the key out.";
    return [{ ...base, message: "is the issuer of this config, and no former one", next }];
  });
  return [...wrong, ...repeated(document, paths, false)];
};

const dnsProofHasAProvider: ConfigRule = (document) => {
  const path: KeyPath = ["publisher", "https", "acme", "challenge"];
  if (textAt(document, path) !== "dns-01" || valueAt(document.value, ["dns"]) !== undefined) return [];
  const message = "needs a DNS provider for the zone";
  return [
    {
      key: keyText(path),
      ...document.positionOf(path),
      value: '"dns-01"',
      message,
      accepted: "dns with a provider",
    },
  ];
};

/** What has to fit together in the publisher's section. */
export const publisherRules: readonly ConfigRule[] = [
  onePlaceToPublish,
  urlsLeadIntoTheBucket,
  secondCertificateHasAHost,
  dnsProofHasAProvider,
  oneLastingPlace,
  formerIssuersAreOthers,
  ...backupRules,
];
