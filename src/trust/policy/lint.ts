import { parseOperator } from "../condition/operator.ts";
import { isOnlyWildcards } from "../condition/pattern.ts";
import { variablesOf } from "../condition/variable.ts";
import type { Condition, PolicyDocument, Statement } from "./document.ts";

/** Something legal in a policy that asks for trouble. */
export interface PolicyWarning {
  /** Stable, for tests and machines. */
  readonly rule:
    | "for-all-values"
    | "if-exists"
    | "wildcard-subject"
    | "wildcard-literal"
    | "no-audience"
    | "no-subject"
    | "foreign-key"
    | "anybody"
    | "variable-without-version";
  /** Counted from 1. */
  readonly statement: number;
  readonly message: string;
  readonly next: string;
}

type Found = Omit<PolicyWarning, "statement">;

/** Whether a value has something in it that is read as a policy variable. */
const hasVariable = (value: string): boolean => variablesOf(value).length > 0;

function conditionsOn(statement: Statement, claim: string): readonly Condition[] {
  return statement.conditions.filter((condition) => condition.key.toLowerCase().endsWith(`:${claim}`));
}

function operatorWarnings(condition: Condition): readonly Found[] {
  const operator = parseOperator(condition.operator);
  const found: Found[] = [];
  if (operator?.set === "ForAllValues") {
    found.push({
      rule: "for-all-values",
      message: `${condition.operator} on ${condition.key} holds when the request has no such key, and so authorizes whom it should deny`,
      next: `Write ${condition.operator.replace("ForAllValues:", "")} instead.`,
    });
  }
  if (operator?.ifExists === true) {
    found.push({
      rule: "if-exists",
      message: `${condition.operator} on ${condition.key} holds when the request has no such key`,
      next: `Write ${condition.operator.replace("IfExists", "")} instead.`,
    });
  }
  const wild = condition.values.find((value) => /[*?]/u.test(value) && !hasVariable(value));
  if (operator?.name.startsWith("StringEquals") === true && wild !== undefined) {
    found.push({
      rule: "wildcard-literal",
      message: `${condition.operator} on ${condition.key} compares ${JSON.stringify(wild)} with * and ? as these very characters`,
      next: "Name the value exactly, or write StringLike.",
    });
  }
  return found;
}

function claimWarnings(statement: Statement): readonly Found[] {
  const found: Found[] = [];
  if (conditionsOn(statement, "aud").length + conditionsOn(statement, "oaud").length === 0) {
    found.push({
      rule: "no-audience",
      message: "no condition on :aud: a token for any client of the provider will do",
      next: "Add StringEquals on the provider's :aud.",
    });
  }
  const subjects = conditionsOn(statement, "sub");
  if (subjects.length === 0) {
    found.push({
      rule: "no-subject",
      message: "no condition on :sub: every ServiceAccount of the cluster may assume the role",
      next: "Add StringEquals on the provider's :sub with the ServiceAccount's subject.",
    });
  }
  if (subjects.some(({ values }) => values.some(isOnlyWildcards))) {
    found.push({
      rule: "wildcard-subject",
      message: "the condition on :sub fits every subject",
      next: "Name the ServiceAccount: system:serviceaccount:NAMESPACE:NAME.",
    });
  }
  return found;
}

/** Keys that look like a claim of another issuer than the statement's providers. */
function foreignKeys(statement: Statement, providers: readonly string[]): readonly Found[] {
  const urls = providers.map((arn) => arn.slice(arn.indexOf(":oidc-provider/") + ":oidc-provider/".length));
  const own = new Set(
    urls.flatMap((url) =>
      ["aud", "oaud", "sub", "amr", "email"].map((claim) => `${url}:${claim}`.toLowerCase()),
    ),
  );
  return statement.conditions
    .filter(({ key }) => !/^(?:aws|sts):/iu.test(key) && !own.has(key.toLowerCase()))
    .map(({ key }) => ({
      rule: "foreign-key" as const,
      message: `the request will have no key ${key}: the provider is ${urls.join(", ")}, and its keys are :aud, :oaud, :sub, :amr and :email`,
      next: "Write the key as the provider's URL without https://, exactly as IAM shows it, and one of these claims.",
    }));
}

function statementWarnings(statement: Statement, version: PolicyDocument["version"]): readonly Found[] {
  const providers = (statement.principals?.Federated ?? []).filter((value) =>
    value.includes(":oidc-provider/"),
  );
  const found: Found[] = [];
  if (version !== "2012-10-17" && statement.conditions.some(({ values }) => values.some(hasVariable))) {
    found.push({
      rule: "variable-without-version",
      message: "a policy variable counts as plain text here, because the Version is not 2012-10-17",
      next: 'Write "Version": "2012-10-17".',
    });
  }
  if (statement.effect === "Deny") return found;
  found.push(...statement.conditions.flatMap(operatorWarnings));
  if (statement.principals?.AWS?.includes("*") === true && statement.conditions.length === 0) {
    found.push({
      rule: "anybody",
      message: "every principal of every AWS account may assume the role",
      next: "Name who may.",
    });
  }
  if (providers.length > 0) found.push(...claimWarnings(statement), ...foreignKeys(statement, providers));
  return found;
}

/** What is legal in a trust policy and yet a mistake more often than not. */
export function trustPolicyWarnings(document: PolicyDocument): readonly PolicyWarning[] {
  return document.statements.flatMap((statement, index) =>
    statementWarnings(statement, document.version).map((found) => ({ ...found, statement: index + 1 })),
  );
}
