import type { Clock } from "../../../core/base/index.ts";
import { readArn } from "../../../rules/oidc/index.ts";
import { claimedKey } from "./foreign.ts";
import type { Gate, WireRequest } from "./gate.ts";
import type { Route } from "./route.ts";
import type { Decision, Service } from "./service.ts";

/** One account behind the port: its services and its clock. */
export interface Tenant {
  readonly services: readonly Service[];
  readonly gate: Gate;
  /** The clock for everything except signatures. */
  readonly clock: Clock;
  /** Called before each answer: saves changes. A rejection becomes the answer ServiceFailure. */
  readonly persist: () => Promise<void>;
  readonly onDecision: (decision: Decision) => void;
}

/** All accounts behind the port. */
export interface Tenants {
  /** Answers requests that name no other account. */
  readonly home: Tenant;
  /** The account with this number; undefined if there is none. */
  readonly find: (account: string) => Tenant | undefined;
  /** The account that issued this access key; undefined if none can have. */
  readonly ofKey: (accessKeyId: string) => Tenant | undefined;
}

/** The account of a signed call, by the key that it claims, which is not verified yet. */
export function claimedTenant(request: WireRequest, { home, ofKey }: Tenants): Tenant {
  const key = claimedKey(request);
  return (key === undefined ? undefined : ofKey(key)) ?? home;
}

/** The account of a call: for an unsigned one, from the role's ARN. */
export function tenantOf(route: Route, request: WireRequest, tenants: Tenants): Tenant {
  if (route.action.unsigned !== true) return claimedTenant(request, tenants);
  const role = route.params["RoleArn"];
  return (typeof role === "string" ? tenants.find(readArn(role).account) : undefined) ?? tenants.home;
}

/** The same operation of another account: all of them have the same services. */
export function routeIn({ services }: Tenant, route: Route): Route {
  const service = services.find(({ name }) => name === route.service.name);
  const action = service?.actions[route.name];
  if (service === undefined || action === undefined)
    throw new TypeError(`an account of the sandbox has no ${route.service.name}:${route.name}`);
  return { ...route, service, action };
}
