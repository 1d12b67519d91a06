import { defined } from "../../../core/base/index.ts";
import type { Condition, PolicyDocument, Principals, Statement } from "../language/document.ts";

function sorted(values: readonly string[]): readonly string[] {
  return [...new Set(values)].sort();
}

/** IAM compares actions without regard to case: the service is written in lower case, the rest stays. */
function action(text: string): string {
  const colon = text.indexOf(":");
  return text.slice(0, colon + 1).toLowerCase() + text.slice(colon + 1);
}

function uniqueActions(values: readonly string[]): readonly string[] {
  const byName = new Map(sorted(values.map(action)).map((one) => [one.toLowerCase(), one]));
  return [...byName.values()].sort();
}

function canonicalPrincipals(principals: Principals): Principals {
  const entries = Object.entries(principals).map(([type, values]): [string, readonly string[]] => [
    type,
    sorted(values.map((value) => (type === "AWS" ? accountRoot(value) : value))),
  ]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

// IAM stores an account number as the ARN of its root.
function accountRoot(value: string): string {
  return /^\d{12}$/u.test(value) ? `arn:aws:iam::${value}:root` : value;
}

function conditionOrder(condition: Condition): string {
  return JSON.stringify([condition.operator, condition.key.toLowerCase(), condition.key, condition.values]);
}

function canonicalConditions(conditions: readonly Condition[]): readonly Condition[] {
  return conditions
    .map((condition) => ({ ...condition, values: sorted(condition.values) }))
    .sort((a, b) => (conditionOrder(a) < conditionOrder(b) ? -1 : 1));
}

function changed<Name extends keyof Statement, T>(
  statement: Statement,
  name: Name,
  change: (value: Exclude<Statement[Name], undefined>) => T,
): { [N in Name]?: T } {
  const value = statement[name];
  const result: { [N in Name]?: T } = {};
  if (value !== undefined) result[name] = change(value as Exclude<Statement[Name], undefined>);
  return result;
}

function canonicalStatement(statement: Statement): Statement {
  return {
    ...changed(statement, "sid", String),
    effect: statement.effect,
    ...changed(statement, "principals", canonicalPrincipals),
    ...changed(statement, "notPrincipals", canonicalPrincipals),
    ...changed(statement, "actions", uniqueActions),
    ...changed(statement, "notActions", uniqueActions),
    ...changed(statement, "resources", sorted),
    ...changed(statement, "notResources", sorted),
    conditions: canonicalConditions(statement.conditions),
  };
}

/**
 * The form in which two documents that mean the same in the same words are equal: values sorted and each once,
 * services of actions in lower case, account numbers as root ARNs. Statements keep their order, which people chose.
 * The same decisions come of it, and it is its own canonical form.
 */
export function canonicalPolicy(document: PolicyDocument): PolicyDocument {
  const { version, id } = document;
  return {
    version,
    ...defined({ id }),
    statements: document.statements.map(canonicalStatement),
  };
}
