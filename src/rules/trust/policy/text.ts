import { defined, mapped } from "../../../core/base/index.ts";
import type { Condition, PolicyDocument, Principals, Statement } from "../language/document.ts";

/** One value as itself, more as a list: how people and IAM write. */
function scalar(values: readonly string[]): string | readonly string[] {
  return values.length === 1 ? (values[0] as string) : values;
}

function principals(value: Principals): object | "*" {
  if (value["*"] !== undefined) return "*";
  return Object.fromEntries(Object.entries(value).map(([type, values]) => [type, scalar(values)]));
}

function conditionBlock(conditions: readonly Condition[]): object {
  const block: Record<string, Record<string, string | readonly string[]>> = {};
  for (const { operator, key, values } of conditions) {
    block[operator] = { ...block[operator], [key]: scalar(values) };
  }
  return block;
}

function statementJson(statement: Statement): object {
  const { sid, effect, conditions } = statement;
  const lists: readonly [string, readonly string[] | undefined][] = [
    ["Action", statement.actions],
    ["NotAction", statement.notActions],
    ["Resource", statement.resources],
    ["NotResource", statement.notResources],
  ];
  return {
    ...defined({ Sid: sid }),
    Effect: effect,
    ...defined({
      Principal: mapped(statement.principals, principals),
      NotPrincipal: mapped(statement.notPrincipals, principals),
    }),
    ...Object.fromEntries(
      lists.flatMap(([name, values]) => (values === undefined ? [] : [[name, scalar(values)]])),
    ),
    ...(conditions.length === 0 ? {} : { Condition: conditionBlock(conditions) }),
  };
}

/** The document as JSON, compact, ready for IAM. */
export function policyText(document: PolicyDocument): string {
  return JSON.stringify({
    Version: document.version,
    ...defined({ Id: document.id }),
    Statement: document.statements.map(statementJson),
  });
}
