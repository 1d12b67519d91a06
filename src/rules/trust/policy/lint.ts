import { parseOperator } from "../condition/operator.ts";
import { isOnlyWildcards, matchesPattern, patternOf } from "../condition/pattern.ts";
import { variablesOf } from "../condition/variable.ts";
import type { Condition, PolicyDocument, Principals, Statement } from "../language/document.ts";
import { claimsWithKeys, providerUrlOf, type SharedProvider, sharedProviderOf } from "./shared-provider.ts";

/** Something legal in a policy that is likely to cause trouble. */
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

type LintFinding = Omit<PolicyWarning, "statement">;

/** Whether a value has something in it that is read as a policy variable. */
const hasVariable = (value: string): boolean => variablesOf(value).length > 0;

function conditionsOn(statement: Statement, claim: string): readonly Condition[] {
  return statement.conditions.filter((condition) => condition.key.toLowerCase().endsWith(`:${claim}`));
}

function operatorWarnings(condition: Condition): readonly LintFinding[] {
  const operator = parseOperator(condition.operator);
  const found: LintFinding[] = [];
  if (operator?.set === "ForAllValues") {
    found.push({
      rule: "for-all-values",
      message: `${condition.operator} on ${condition.key} holds when the request has no such key, and so authorizes callers that it should deny`,
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

/** Who gets tokens from a provider, in the words of a warning. */
interface Population {
  readonly everybody: string;
  /** What to name in place of all. */
  readonly name: string;
  readonly fitsAll: (pattern: string) => boolean;
  /** What IAM says of a policy that lets all in. */
  readonly refusal: string;
}

const serviceAccounts: Population = {
  everybody: "every ServiceAccount of the cluster",
  name: "the ServiceAccount: system:serviceaccount:NAMESPACE:NAME",
  fitsAll: isOnlyWildcards,
  refusal: "",
};

function populationOf({ everybody, example, foreignValues }: SharedProvider): Population {
  return {
    everybody,
    name: `those you mean: ${example}`,
    fitsAll: (pattern) => foreignValues.some((value) => matchesPattern(patternOf(pattern), value)),
    refusal: "; IAM refuses to keep such a policy since it knows this provider to be shared",
  };
}

function claimWarnings(
  statement: Statement,
  { everybody, name, fitsAll, refusal }: Population,
): readonly LintFinding[] {
  const found: LintFinding[] = [];
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
      message: `no condition on :sub: ${everybody} may assume the role${refusal}`,
      next: `Add StringEquals on the provider's :sub, and name ${name}.`,
    });
  }
  if (subjects.some(({ values }) => values.some(fitsAll))) {
    found.push({
      rule: "wildcard-subject",
      message: `the condition on :sub fits every subject: ${everybody} may assume the role`,
      next: `Name ${name}.`,
    });
  }
  return found;
}

/** Keys that look like a claim of another issuer than the statement's providers. */
function foreignKeys(statement: Statement, urls: readonly string[]): readonly LintFinding[] {
  const own = new Set(
    urls.flatMap((url) => claimsWithKeys(url).map((claim) => `${url}:${claim}`.toLowerCase())),
  );
  const claims = [...new Set(urls.flatMap(claimsWithKeys))].map((claim) => `:${claim}`);
  return statement.conditions
    .filter(({ key }) => !/^(?:aws|sts):/iu.test(key) && !own.has(key.toLowerCase()))
    .map(({ key }) => ({
      rule: "foreign-key" as const,
      message: `the request will have no key ${key}: the provider is ${urls.join(", ")}, and its keys are ${claims.join(", ")}`,
      next: "Write the key as the provider's URL without https://, exactly as IAM shows it, and one of these claims.",
    }));
}

/** The warnings about the claims that a statement for OIDC providers asks for. */
function providerWarnings(statement: Statement): readonly LintFinding[] {
  const urls = (statement.principals?.Federated ?? []).flatMap((value) => providerUrlOf(value) ?? []);
  if (urls.length === 0) return [];
  const [shared] = urls.flatMap((url) => sharedProviderOf(url) ?? []);
  const population = shared === undefined ? serviceAccounts : populationOf(shared);
  return [...claimWarnings(statement, population), ...foreignKeys(statement, urls)];
}

/** Who a statement lets in that names no one; undefined where it names someone. */
function openTo(principals: Principals = {}): string | undefined {
  if (principals["*"] !== undefined)
    return "every principal of every AWS account, and every token of the account's OIDC providers,";
  return principals.AWS?.includes("*") === true ? "every principal of every AWS account" : undefined;
}

function statementWarnings(statement: Statement, version: PolicyDocument["version"]): readonly LintFinding[] {
  const found: LintFinding[] = [];
  if (version !== "2012-10-17" && statement.conditions.some(({ values }) => values.some(hasVariable))) {
    found.push({
      rule: "variable-without-version",
      message: "a policy variable counts as plain text here, because the Version is not 2012-10-17",
      next: 'Write "Version": "2012-10-17".',
    });
  }
  if (statement.effect === "Deny") return found;
  found.push(...statement.conditions.flatMap(operatorWarnings));
  const everybody = openTo(statement.principals);
  if (everybody !== undefined && statement.conditions.length === 0) {
    found.push({ rule: "anybody", message: `${everybody} may assume the role`, next: "Name who may." });
  }
  return [...found, ...providerWarnings(statement)];
}

/** What is legal in a trust policy but more often than not a mistake. */
export function trustPolicyWarnings(document: PolicyDocument): readonly PolicyWarning[] {
  return document.statements.flatMap((statement, index) =>
    statementWarnings(statement, document.version).map((found) => ({ ...found, statement: index + 1 })),
  );
}
