import { defined, recordOf, textOf } from "../../../core/base/index.ts";
import type { KubernetesObject } from "../../../providers/kubernetes/index.ts";
import { type PoolName, poolOf, principalOf } from "../../../rules/gcp/index.ts";
import {
  decideGoogle,
  type GoogleBinding,
  type GoogleTrust,
  mayKeepMember,
  poolId,
  readGoogleBinding,
  readGoogleTrust,
} from "../../../rules/bindings/gcp/index.ts";
import { serviceAccountSubject } from "../../../rules/oidc/index.ts";
import type { NamespacedName } from "../../../rules/bindings/index.ts";
import type { BindingRules, RightRules } from "../engine/row.ts";
import type { ClusterClients } from "../pass.ts";
import type { GoogleProjects } from "./projects.ts";

/** A service account whose policy lets a binding's ServiceAccount in, or may do so. */
export interface MemberStatus {
  readonly email: string;
  /** The pool of its principal; absent if the status does not say. */
  readonly pool?: PoolName;
}

/** What the status of a GCPServiceAccountBinding has beside the conditions. */
export interface GoogleStatus {
  /** The principal that policies name: of the pool and the ServiceAccount. */
  readonly principal?: string;
  /** Service accounts whose policies have that principal, or may have it: recorded before the policy is written. */
  readonly emails: readonly string[];
}

export interface GoogleClients extends ClusterClients {
  readonly google: GoogleProjects;
}

/** What a grant gives a binding: to become `email`, or to be a principal of the pool. */
export interface GrantedMember {
  readonly grant: string;
  readonly email?: string;
}

/** The engine's types, of Google. */
export interface GoogleTypes {
  readonly trust: GoogleTrust;
  readonly binding: GoogleBinding;
  readonly granted: GrantedMember;
  readonly right: MemberStatus;
  readonly seen: undefined;
}

/** The status of one, as the API gives it; only podtrust may write it. */
export function googleStatusOf(object: KubernetesObject): GoogleStatus {
  const { principal, emails } = recordOf(object["status"]);
  return {
    ...defined({ principal: textOf(principal) }),
    emails: Array.isArray(emails) ? emails.map(String) : [],
  };
}

/** The subject of a binding's ServiceAccount. */
export function subjectOf({ metadata: { namespace = "", name } }: KubernetesObject): string {
  return serviceAccountSubject(namespace, name);
}

/** What is read and decided of Google's objects. */
export const memberRules: BindingRules<GoogleTypes> = {
  party: "gcp",
  readTrust: readGoogleTrust,
  readBinding: readGoogleBinding,
  decide(binding, trust) {
    const decision = decideGoogle(binding, trust);
    if (decision.kind === "refused") return { refusals: decision.refusals };
    return { granted: { grant: decision.grant, ...defined({ email: binding.email }) } };
  },
  // Nothing is made that counts towards a grant.
  counting: "none",
  grantsOf: ({ grant }) => [grant],
  placesOf: (trust) => [{ id: poolId(trust) }],
};

/** Whether two pools are the same, as far as both are known. */
const isOfPool = (one: PoolName | undefined, other: PoolName | undefined): boolean =>
  one === undefined || other === undefined || poolId(one) === poolId(other);

/** That a service account may still let a principal in, and why. */
export const keptText = (email: string, principal: string, why: string): string =>
  `${email} may let in ${principal}: ${why}`;

/**
 * Whether a grant of a trust allows a member, whatever the binding asks for. A trust that was made anew with another pool
 * does not know the members of the first: the status does.
 */
export function mayStand(
  trust: GoogleTrust,
  { namespace, name }: NamespacedName,
  { email, pool }: MemberStatus,
): boolean {
  return isOfPool(pool, trust) && mayKeepMember(trust, { namespace, name, trust: trust.name }, email);
}

/** How members stand in a status, and what is judged of them. */
export const memberRights: RightRules<GoogleTypes> = {
  read(object) {
    const { emails, principal = "" } = googleStatusOf(object);
    const pool = poolOf(principal);
    return emails.map((email) => ({ email, ...defined({ pool }) }));
  },
  known: "by the status",
  // One pool for all: what is of another pool is taken before anything is made.
  written(rights, object, bound) {
    const { principal: stood } = googleStatusOf(object);
    const principal = bound === undefined ? stood : principalOf(bound.trust, subjectOf(object));
    return { ...defined({ principal }), emails: rights.map(({ email }) => email) };
  },
  asked({ trust: { projectNumber, pool }, granted: { email } }) {
    return email === undefined ? [] : [{ email, pool: { projectNumber, pool } }];
  },
  isSame: (one, other) => one.email === other.email && isOfPool(one.pool, other.pool),
  isMade: () => true,
  isOpen: () => true,
  reserved({ email }, own) {
    if (email !== own) return undefined;
    const message = `the service account ${email} is podtrust's own: no workload may become it`;
    return { reason: "EmailNotGranted", message };
  },
  scopeId: ({ pool }) => pool && poolId(pool),
  kept: ({ email }, why, object) =>
    keptText(email, googleStatusOf(object).principal ?? subjectOf(object), why),
};
