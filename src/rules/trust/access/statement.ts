import { judgeCondition } from "../condition/condition.ts";
import { type ContextKeys, contextKeys } from "../condition/context.ts";
import type { Condition, PolicyDocument, Principals, Statement } from "../language/document.ts";
import { matchesAction, matchesPrincipal, matchesResource } from "./match.ts";
import type { AccessRequest, StatementCheck, StatementTrace } from "../language/request.ts";

/** Whether a statement matches a request; `checks` say why not, or what it depends on. */
export type StatementResult = Pick<StatementTrace, "matched" | "checks">;

interface Scope {
  readonly request: AccessRequest;
  readonly version: PolicyDocument["version"];
  readonly keys: ContextKeys;
}

function list(values: readonly string[]): string {
  return values.join(", ");
}

function named(principals: Principals): readonly string[] {
  return Object.entries(principals).flatMap(([type, values]) =>
    values.map((value) => (type === "*" ? value : `${type} ${value}`)),
  );
}

function miss(
  element: StatementCheck["element"],
  wanted: readonly string[],
  given: readonly string[] | undefined,
  because: string,
): StatementCheck {
  return { element, wanted, given, holds: false, because };
}

function principalMiss(statement: Statement, { request }: Scope): StatementCheck | undefined {
  const { principals, notPrincipals } = statement;
  const { principal } = request;
  const who = principal === undefined ? "no known principal" : `${principal.type} ${principal.ids[0] ?? ""}`;
  const given = principal?.ids.map((id) => `${principal.type} ${id}`);
  if (principals !== undefined && !matchesPrincipal(principals, principal)) {
    const wanted = named(principals);
    return miss("Principal", wanted, given, `its principals are ${list(wanted)}; the caller is ${who}`);
  }
  if (notPrincipals !== undefined && matchesPrincipal(notPrincipals, principal)) {
    const wanted = named(notPrincipals);
    return miss("NotPrincipal", wanted, given, `it is not about ${list(wanted)}; the caller is ${who}`);
  }
  return undefined;
}

function actionMiss(statement: Statement, { request }: Scope): StatementCheck | undefined {
  const { actions, notActions } = statement;
  const { action } = request;
  if (actions !== undefined && !matchesAction(actions, action)) {
    return miss("Action", actions, [action], `its actions are ${list(actions)}, without ${action}`);
  }
  if (notActions !== undefined && matchesAction(notActions, action)) {
    const because = `it is about all actions but ${list(notActions)}; asked is ${action}`;
    return miss("NotAction", notActions, [action], because);
  }
  return undefined;
}

function resourceMiss(statement: Statement, scope: Scope): StatementCheck | undefined {
  const { resources, notResources } = statement;
  const { resource } = scope.request;
  if (resources !== undefined && !matchesResource(resources, resource, scope)) {
    const because = `its resources are ${list(resources)}, without ${resource}`;
    return miss("Resource", resources, [resource], because);
  }
  if (notResources !== undefined && matchesResource(notResources, resource, scope)) {
    const because = `it is about all resources but ${list(notResources)}; asked is ${resource}`;
    return miss("NotResource", notResources, [resource], because);
  }
  return undefined;
}

function conditionCheck(condition: Condition, scope: Scope): StatementCheck {
  const { operator, key, values } = condition;
  const given = scope.keys.values(key);
  return { element: "Condition", operator, key, wanted: values, given, ...judgeCondition(condition, scope) };
}

/** Matches one statement. Conditions are judged only when it is about this principal, action and resource. */
export function matchStatement(
  statement: Statement,
  version: PolicyDocument["version"],
  request: AccessRequest,
): StatementResult {
  const scope: Scope = { request, version, keys: contextKeys(request.context, request.unknownKeys) };
  const misses = [principalMiss, actionMiss, resourceMiss]
    .map((missOf) => missOf(statement, scope))
    .filter((one) => one !== undefined);
  if (misses.length > 0) return { matched: false, checks: misses };
  const checks = statement.conditions.map((condition) => conditionCheck(condition, scope));
  const failed = checks.filter(({ holds }) => holds === false);
  if (failed.length > 0) return { matched: false, checks: failed };
  const open = checks.filter(({ holds }) => holds === undefined);
  return open.length > 0 ? { matched: undefined, checks: open } : { matched: true, checks };
}
