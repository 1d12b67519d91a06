import { issuerProblems } from "../../oidc/index.ts";
import type { ConfigDocument } from "../document.ts";
import { type ConfigProblem, keyText, type KeyPath, valueText } from "./problem.ts";
import { s3Problems } from "../publisher/s3-place.ts";
import { valueAt } from "./schema-problems.ts";

// These rules look at several keys. They are written against raw data, so that they speak up in the same run
// in which the schema finds mistakes elsewhere.

type Rule = (document: ConfigDocument) => readonly ConfigProblem[];

function listAt(document: ConfigDocument, path: KeyPath): readonly unknown[] {
  const value = valueAt(document.value, path);
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

function accounts(document: ConfigDocument): readonly KeyPath[] {
  return listAt(document, ["aws"]).map((_, index) => ["aws", index]);
}

function roles(document: ConfigDocument): readonly KeyPath[] {
  return accounts(document).flatMap((account) =>
    listAt(document, [...account, "roles"]).map((_, index) => [...account, "roles", index]),
  );
}

function repeated(document: ConfigDocument, paths: readonly KeyPath[], fold: boolean): ConfigProblem[] {
  const first = new Map<string, KeyPath>();
  return paths.flatMap((path) => {
    const value = valueAt(document.value, path);
    if (typeof value !== "string") return [];
    const same = fold ? value.toLowerCase() : value;
    const earlier = first.get(same);
    if (earlier === undefined) {
      first.set(same, path);
      return [];
    }
    const message = `${valueText(value)} stands at ${keyText(earlier)} already`;
    return [{ key: keyText(path), ...document.positionOf(path), value: valueText(value), message }];
  });
}

const accountsOnce: Rule = (document) =>
  repeated(
    document,
    accounts(document).map((path) => [...path, "account"]),
    false,
  );

// IAM compares role names without regard to case (CreateRole).
const rolesOnce: Rule = (document) =>
  accounts(document).flatMap((account) => {
    const names = listAt(document, [...account, "roles"]).map((_, i): KeyPath => [
      ...account,
      "roles",
      i,
      "name",
    ]);
    return repeated(document, names, true);
  });

const listsWithoutRepeats: Rule = (document) => {
  const lists: KeyPath[] = [
    ...accounts(document).map((path) => [...path, "audiences"]),
    ...roles(document).flatMap((path) =>
      ["serviceAccounts", "subjectPatterns", "policies"].map((key): KeyPath => [...path, key]),
    ),
  ];
  return lists.flatMap((path) =>
    repeated(
      document,
      listAt(document, path).map((_, index): KeyPath => [...path, index]),
      false,
    ),
  );
};

const rolesHaveSubjects: Rule = (document) =>
  roles(document).flatMap((path) => {
    const subjects = ["serviceAccounts", "subjectPatterns"].flatMap((key) =>
      listAt(document, [...path, key]),
    );
    if (subjects.length > 0 || typeof valueAt(document.value, path) !== "object") return [];
    const message = "names nobody who may assume it";
    const accepted = "serviceAccounts with at least one NAMESPACE/NAME";
    return [{ key: keyText(path), ...document.positionOf(path), message, accepted }];
  });

const oneWayOut: Rule = (document) => {
  const section = valueAt(document.value, ["publisher"]);
  if (typeof section !== "object" || section === null || Array.isArray(section)) return [];
  const ways = ["https", "insecurePlainHttpBehindProxy", "s3"].filter((key) => key in section);
  const base = { key: "publisher", ...document.positionOf(["publisher"]) };
  if (ways.length === 0)
    return [{ ...base, message: "does not say how to publish", accepted: "https or s3" }];
  if (ways.length === 1) return [];
  return [{ ...base, message: `has both ${ways.join(" and ")}`, accepted: "one of them" }];
};

function textAt(document: ConfigDocument, path: KeyPath): string | undefined {
  const value = valueAt(document.value, path);
  return typeof value === "string" ? value : undefined;
}

function httpsUrlAt(document: ConfigDocument, path: KeyPath): string | undefined {
  const value = textAt(document, path);
  return value !== undefined && value.startsWith("https://") && URL.canParse(value) ? value : undefined;
}

const urlsLeadIntoTheBucket: Rule = (document) => {
  const section: KeyPath = ["publisher", "s3"];
  const issuer = textAt(document, ["issuer"]);
  const [bucket, region] = ["bucket", "region"].map((key) => textAt(document, [...section, key]));
  if (issuer === undefined || bucket === undefined || region === undefined) return [];
  // What the schema says of the issuer is enough.
  if (issuerProblems(issuer).length > 0) return [];
  const jwksUri = httpsUrlAt(document, ["publisher", "jwksUri"]);
  const prefix = textAt(document, [...section, "prefix"]) ?? "";
  const wish = { issuer, bucket, region, prefix, ...(jwksUri === undefined ? {} : { jwksUri }) };
  return s3Problems(wish).map(({ of, message, next }) => {
    const path: KeyPath = of === "issuer" ? ["issuer"] : ["publisher", "jwksUri"];
    const value = valueText(of === "issuer" ? issuer : jwksUri);
    return { key: keyText(path), ...document.positionOf(path), value, message, next };
  });
};

const secondCertificateHasAHost: Rule = (document) => {
  const path: KeyPath = ["publisher", "https", "jwks"];
  if (valueAt(document.value, path) === undefined) return [];
  const issuer = httpsUrlAt(document, ["issuer"]);
  const jwksUri = httpsUrlAt(document, ["publisher", "jwksUri"]);
  if (issuer !== undefined && jwksUri !== undefined && new URL(issuer).host !== new URL(jwksUri).host)
    return [];
  const message = "is for a host of its own, and jwksUri has none but the issuer's";
  const next = "Set publisher.jwksUri to a URL on the other host, or leave jwks out.";
  return [{ key: keyText(path), ...document.positionOf(path), message, next }];
};

const rules: readonly Rule[] = [
  accountsOnce,
  rolesOnce,
  listsWithoutRepeats,
  rolesHaveSubjects,
  oneWayOut,
  urlsLeadIntoTheBucket,
  secondCertificateHasAHost,
];

/** Mistakes that only show when several keys are seen together. */
export function crossProblems(document: ConfigDocument): readonly ConfigProblem[] {
  return rules.flatMap((rule) => rule(document));
}
