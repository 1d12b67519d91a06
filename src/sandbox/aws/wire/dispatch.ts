import { type Clock, errorText, type Logger } from "../../../core/base/index.ts";
import { AwsError } from "./error.ts";
import { type Gate, headerOf, type WireRequest } from "./gate.ts";
import { problemsText, readInput } from "./input.ts";
import { renderError, renderResult, type WireResponse } from "./render.ts";
import { type Route, RouteError, routeRequest } from "./route.ts";
import type { Call, Result } from "./service.ts";
import { claimedTenant, routeIn, type Tenant, type Tenants, tenantOf } from "./tenant.ts";
import { Trail } from "./trail.ts";

export interface DispatchOptions {
  readonly tenants: Tenants;
  /** The time that clients sign with. */
  readonly signingClock: Clock;
  readonly logger: Logger;
}

/** The context of an answer: its account, and the log of faults. */
type AnswerContext = Pick<Tenant, "persist"> & Pick<DispatchOptions, "logger">;

/** The origin of a request, and its abort signal. */
export interface Origin {
  readonly address: string;
  readonly signal: AbortSignal;
}

function openCall(route: Route, request: WireRequest, origin: Origin, trail: Trail): Omit<Call, "caller"> {
  return {
    service: route.service.name,
    protocol: route.service.protocol,
    action: route.name,
    requestId: trail.requestId,
    now: trail.now,
    region: "us-east-1",
    sourceAddress: origin.address,
    userAgent: headerOf(request, "user-agent") ?? "",
    signal: origin.signal,
    note: (notes) => trail.note(notes),
  };
}

/** An operation's parameters, or AWS's refusal if they break a constraint. */
export function paramsOf(route: Omit<Route, "name">): never {
  const { params, problems } = readInput(route.action.input, route.params);
  if (problems.length > 0) throw new AwsError(route.service.validationCode, problemsText(problems));
  // `action()` has tied these parameters to this operation and then erased their type.
  return params as never;
}

/** IAM, STS and SSM are called at `/`; a signature alone does not distinguish `//` or `/a/../` from it. */
function checkPath(request: WireRequest, trail: Trail): void {
  trail.at("invalid", "path-known");
  const path = request.target.split("?", 1)[0] ?? "";
  if (path === "/") return;
  throw new AwsError("UnknownOperationException", "There is no operation at this path", {
    status: 404,
    why: `the services of this sandbox are called at /, not at ${path}`,
    next: "Take the path off AWS_ENDPOINT_URL.",
  });
}

async function performUnsigned(route: Route, call: Call, trail: Trail): Promise<Result> {
  trail.at("invalid", "parameters-valid");
  const params = paramsOf(route);
  // It decides by itself: what it refuses is denied.
  trail.at("deny", "operation");
  const result = await route.action.run(params, call);
  trail.at("allow", "operation");
  return result;
}

async function performSigned(route: Route, call: Call, trail: Trail, gate: Gate): Promise<Result> {
  trail.at("invalid", "parameters-valid");
  const params = paramsOf(route);
  const needs = route.action.access(params, call);
  trail.resource = needs[0]?.resource;
  trail.at("deny", "action-allowed");
  const rules = needs.map((need) => {
    trail.resource = need.resource;
    return gate.authorize(call, need);
  });
  trail.at("allow", rules[0] ?? "signed-caller");
  return route.action.run(params, call);
}

async function perform(
  route: Route,
  request: WireRequest,
  base: Omit<Call, "caller">,
  context: { readonly trail: Trail; readonly gate: Gate; readonly signedAt: number },
): Promise<Result> {
  const { trail, gate, signedAt } = context;
  if (route.action.unsigned === true) {
    checkPath(request, trail);
    return performUnsigned(route, { ...base, caller: undefined }, trail);
  }
  trail.at("deny", "request-signed");
  const { caller, region } = gate.authenticate(request, route.service, { now: trail.now, signedAt });
  trail.who = caller.arn;
  checkPath(request, trail);
  return performSigned(route, { ...base, caller, region }, trail, gate);
}

/** The destination of a request that does not name one. */
const nowhere = { service: undefined, form: "query", serviceName: "unknown", operation: "" } as const;

/** The account and operation of a request, or why it has none. */
type Destination =
  | { readonly tenant: Tenant; readonly route: Route }
  | { readonly tenant: Tenant; readonly thrown: unknown };

function destinationOf(request: WireRequest, tenants: Tenants): Destination {
  let route: Route;
  try {
    route = routeRequest(tenants.home.services, request);
  } catch (thrown) {
    return { tenant: claimedTenant(request, tenants), thrown };
  }
  const tenant = tenantOf(route, request, tenants);
  return { tenant, route: tenant === tenants.home ? route : routeIn(tenant, route) };
}

/** Answers one request of an AWS protocol and records its decision. */
export async function dispatch(
  request: WireRequest,
  origin: Origin,
  options: DispatchOptions,
): Promise<WireResponse> {
  const { tenants, logger, signingClock } = options;
  const found = destinationOf(request, tenants);
  if (!("route" in found)) {
    const { tenant, thrown } = found;
    const trail = new Trail(tenant.clock.now());
    const error = await refusalOf(thrown, { ...tenant, logger });
    const { service, form, operation, serviceName } = error instanceof RouteError ? error : nowhere;
    tenant.onDecision(trail.decision(`${serviceName}:${operation}`, error));
    return renderError({ service, form }, trail.requestId, error);
  }
  const { tenant, route } = found;
  const { persist, gate } = tenant;
  const trail = new Trail(tenant.clock.now());
  const { service, name } = route;
  const action = `${service.name}:${name}`;
  try {
    const base = openCall(route, request, origin, trail);
    const result = await perform(route, request, base, { trail, gate, signedAt: signingClock.now() });
    await persisted({ persist, logger });
    tenant.onDecision(trail.decision(action, undefined));
    return renderResult(service, name, trail.requestId, result);
  } catch (thrown) {
    const error = await refusalOf(thrown, { persist, logger });
    tenant.onDecision(trail.decision(action, error));
    return renderError({ service, form: service.protocol }, trail.requestId, error);
  }
}

async function persisted(options: AnswerContext): Promise<void> {
  try {
    await options.persist();
  } catch (cause) {
    options.logger.error("the state could not be written", { error: errorText(cause) });
    throw new AwsError("ServiceFailure", "The sandbox could not write its state", {
      status: 500,
      rule: "state-written",
      why: "the change is held in memory and is written again with the next call",
      cause,
    });
  }
}

async function refusalOf(thrown: unknown, options: AnswerContext): Promise<AwsError> {
  if (!(thrown instanceof AwsError)) {
    options.logger.error("an operation failed in a way it should not", { error: errorText(thrown) });
    return new AwsError("InternalFailure", "The sandbox met a fault of its own", {
      status: 500,
      rule: "no-fault",
      cause: thrown,
    });
  }
  // A refused call may still have changed something.
  if (thrown.rule !== "state-written") await options.persist().catch(() => undefined);
  return thrown;
}
