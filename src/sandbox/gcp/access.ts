import type { ApiCall } from "./call.ts";
import type { IamPolicy } from "./policy.ts";
import { type GoogleRefusal, permissionDenied, unauthenticated } from "./refusal.ts";
import type { Project } from "./project.ts";
import { type GoogleCaller, type BearerToken, membersOfCaller } from "./tokens.ts";

const pools = "iam.googleapis.com/workloadIdentityPools.";
const providers = "iam.googleapis.com/workloadIdentityPoolProviders.";
const accounts = "iam.serviceAccounts.";
const reading = ["get", "list"];
const writing = [...reading, "create", "delete", "undelete", "update"];
const all = (prefix: string, verbs: readonly string[]): readonly string[] =>
  verbs.map((verb) => prefix + verb);

/** The permissions of each role, as far as they matter here. Source: https://cloud.google.com/iam/docs/roles-permissions */
const roles: Readonly<Record<string, readonly string[]>> = {
  "roles/iam.workloadIdentityPoolAdmin": [...all(pools, writing), ...all(providers, writing)],
  "roles/iam.workloadIdentityPoolViewer": [...all(pools, reading), ...all(providers, reading)],
  "roles/iam.serviceAccountAdmin": all(accounts, [
    ...reading,
    "create",
    "delete",
    "disable",
    "enable",
    "getIamPolicy",
    "setIamPolicy",
  ]),
  "roles/iam.serviceAccountViewer": all(accounts, [...reading, "getIamPolicy"]),
  "roles/iam.workloadIdentityUser": all(accounts, [...reading, "getAccessToken"]),
  "roles/iam.serviceAccountTokenCreator": all(accounts, [...reading, "getAccessToken"]),
  "roles/secretmanager.secretAccessor": ["secretmanager.versions.access"],
  "roles/secretmanager.admin": [
    "secretmanager.versions.access",
    "secretmanager.secrets.getIamPolicy",
    "secretmanager.secrets.setIamPolicy",
  ],
  "roles/resourcemanager.projectIamAdmin": [
    "resourcemanager.projects.get",
    "resourcemanager.projects.getIamPolicy",
    "resourcemanager.projects.setIamPolicy",
  ],
  "roles/browser": ["resourcemanager.projects.get", "resourcemanager.projects.getIamPolicy"],
};

/** Every permission that some role has. */
const known = new Set(Object.values(roles).flat());

/** The roles that have a permission; the owner has them all. */
export function rolesWith(permission: string): readonly string[] {
  const having = Object.entries(roles).flatMap(([role, permissions]) =>
    permissions.includes(permission) ? [role] : [],
  );
  return known.has(permission) ? [...having, "roles/owner"] : having;
}

/** The role in a policy that gives a caller a permission, or `admin`; undefined if there is none. */
function grantedBy(call: ApiCall, permission: string, policies: readonly IamPolicy[]): string | undefined {
  const { caller, now } = call;
  if (caller === undefined) return undefined;
  if (caller.kind === "admin") return "admin";
  const members = membersOfCaller(caller);
  return rolesWith(permission).find((role) =>
    policies.some((policy) => policy.membersOf([role], now).some((member) => members.includes(member))),
  );
}

/** Whether a caller has a permission by the project's policy, or by the resource's own. */
export function hasPermission(call: ApiCall, permission: string, ...own: readonly IamPolicy[]): boolean {
  return grantedBy(call, permission, [call.project.policy, ...own]) !== undefined;
}

function refused(call: ApiCall, permission: string, resource: string, text?: string): GoogleRefusal {
  const [member = ""] = call.caller === undefined ? [] : membersOfCaller(call.caller);
  return permissionDenied(permission, resource, text, {
    why: `no role of ${member} has ${permission} on ${resource}, or it was written too lately`,
    next: `Give ${rolesWith(permission).join(" or ")} to ${member}. A new member counts after about 70 seconds.`,
  });
}

/** The text of a refusal, if the resource has its own. */
interface Demand {
  readonly permission: string;
  /** The full name of the resource. */
  readonly resource: string;
  readonly policy?: IamPolicy | undefined;
  /** Google's words, if they are not the default. */
  readonly text?: string;
}

/** Throws PERMISSION_DENIED unless the caller has the permission. */
export function demand(call: ApiCall, { permission, resource, policy, text }: Demand): void {
  call.trail.resource = resource;
  const policies = [call.project.policy, ...(policy === undefined ? [] : [policy])];
  const role = grantedBy(call, permission, policies);
  if (role === undefined) throw refused(call, permission, resource, text);
  call.trail.rule = role;
}

/** Whether the grant behind a token still exists: its account, or its pool. */
function stands(project: Project, caller: GoogleCaller): boolean {
  if (caller.kind === "admin") return true;
  if (caller.kind === "account") return project.accounts.get(caller.email)?.disabled === false;
  const pool = project.pools.get(caller.pool);
  // A deleted provider invalidates no token; a pool does.
  return pool !== undefined && pool.deletedAt === undefined && !pool.disabled;
}

/** The caller of a bearer token. Throws UNAUTHENTICATED. */
export function bearerOf(project: Project, authorization: string | undefined, now: number): BearerToken {
  const token = /^Bearer (\S{1,16384})$/iu.exec(authorization ?? "")?.[1];
  const issued = token === undefined ? undefined : project.tokens.find(token, now);
  if (issued === undefined || !stands(project, issued.caller)) throw unauthenticated(token);
  return issued;
}
