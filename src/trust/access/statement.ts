import { judgeCondition } from "../condition/condition.ts";
import { type ContextKeys, contextKeys } from "../condition/context.ts";
import type { PolicyDocument, Principals, Statement } from "../policy/document.ts";
import { matchesAction, matchesPrincipal, matchesResource } from "./match.ts";
import type { AccessRequest } from "./request.ts";

/** Whether a statement speaks about a request; `because` says why not, or what it hangs on. */
export interface StatementResult {
  readonly matched: boolean;
  readonly because: readonly string[];
}

interface Scope {
  readonly request: AccessRequest;
  readonly version: PolicyDocument["version"];
  readonly keys: ContextKeys;
}

function list(values: readonly string[]): string {
  return values.join(", ");
}

function names(principals: Principals): string {
  return list(
    Object.entries(principals).flatMap(([type, values]) => values.map((value) => `${type} ${value}`)),
  );
}

function principalMiss(statement: Statement, { request }: Scope): string | undefined {
  const { principals, notPrincipals } = statement;
  const { principal } = request;
  const who =
    principal === undefined ? "nobody that is known" : `${principal.type} ${principal.ids[0] ?? ""}`;
  if (principals !== undefined && !matchesPrincipal(principals, principal)) {
    return `its principals are ${names(principals)}; who asks is ${who}`;
  }
  if (notPrincipals !== undefined && matchesPrincipal(notPrincipals, principal)) {
    return `it is not about ${names(notPrincipals)}; who asks is ${who}`;
  }
  return undefined;
}

function actionMiss(statement: Statement, { request }: Scope): string | undefined {
  const { actions, notActions } = statement;
  if (actions !== undefined && !matchesAction(actions, request.action)) {
    return `its actions are ${list(actions)}, without ${request.action}`;
  }
  if (notActions !== undefined && matchesAction(notActions, request.action)) {
    return `it is about all actions but ${list(notActions)}; asked is ${request.action}`;
  }
  return undefined;
}

function resourceMiss(statement: Statement, scope: Scope): string | undefined {
  const { resources, notResources } = statement;
  const { resource } = scope.request;
  if (resources !== undefined && !matchesResource(resources, resource, scope)) {
    return `its resources are ${list(resources)}, without ${resource}`;
  }
  if (notResources !== undefined && matchesResource(notResources, resource, scope)) {
    return `it is about all resources but ${list(notResources)}; asked is ${resource}`;
  }
  return undefined;
}

/** Matches one statement. Conditions are judged only when it is about this principal, action and resource. */
export function matchStatement(
  statement: Statement,
  version: PolicyDocument["version"],
  request: AccessRequest,
): StatementResult {
  const scope: Scope = { request, version, keys: contextKeys(request.context) };
  const misses = [principalMiss, actionMiss, resourceMiss]
    .map((miss) => miss(statement, scope))
    .filter((miss) => miss !== undefined);
  if (misses.length > 0) return { matched: false, because: misses };
  const judged = statement.conditions.map((condition) => judgeCondition(condition, scope));
  const broken = judged.filter((one) => !one.holds);
  const matched = broken.length === 0;
  return { matched, because: (matched ? judged : broken).map((one) => one.because) };
}
