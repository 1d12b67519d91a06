import type { ConfigDocument } from "../mistakes/document.ts";
import { keyText, type KeyPath } from "../mistakes/problem.ts";
import { listAt, repeated, type ConfigRule, valueAt } from "../mistakes/rule.ts";

function accounts(document: ConfigDocument): readonly KeyPath[] {
  return listAt(document, ["aws"]).map((_, index) => ["aws", index]);
}

function roles(document: ConfigDocument): readonly KeyPath[] {
  return accounts(document).flatMap((account) =>
    listAt(document, [...account, "roles"]).map((_, index) => [...account, "roles", index]),
  );
}

const accountsOnce: ConfigRule = (document) =>
  repeated(
    document,
    accounts(document).map((path) => [...path, "account"]),
    false,
  );

// IAM compares role names without regard to case (CreateRole).
const rolesOnce: ConfigRule = (document) =>
  accounts(document).flatMap((account) => {
    const names = listAt(document, [...account, "roles"]).map((_, i): KeyPath => [
      ...account,
      "roles",
      i,
      "name",
    ]);
    return repeated(document, names, true);
  });

const listsWithoutRepeats: ConfigRule = (document) => {
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

const rolesHaveSubjects: ConfigRule = (document) =>
  roles(document).flatMap((path) => {
    const subjects = ["serviceAccounts", "subjectPatterns"].flatMap((key) =>
      listAt(document, [...path, key]),
    );
    if (subjects.length > 0 || typeof valueAt(document.value, path) !== "object") return [];
    const message = "names no ServiceAccount that may assume it";
    const accepted = "serviceAccounts with at least one NAMESPACE/NAME";
    return [{ key: keyText(path), ...document.positionOf(path), message, accepted }];
  });

/** What has to fit together in the accounts. */
export const awsRules: readonly ConfigRule[] = [
  accountsOnce,
  rolesOnce,
  listsWithoutRepeats,
  rolesHaveSubjects,
];
