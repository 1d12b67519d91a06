import { defined, recordOf, textOf } from "../../../core/base/index.ts";
import type { KubernetesObject } from "../../../providers/kubernetes/index.ts";
import { serviceAccountSubject } from "../../../rules/oidc/index.ts";
import { type PoolName, poolOf } from "../../../rules/gcp/index.ts";
import type { ClusterClients, PassOf, StatusHead } from "../pass.ts";
import { statusHead } from "../status.ts";
import type { GoogleProjects } from "./projects.ts";

/** `status` of a GCPServiceAccountBinding. */
export interface GoogleStatus extends StatusHead {
  /** The principal that policies name: of the pool and the ServiceAccount. */
  readonly principal?: string;
  /** Service accounts whose policies have that principal, or may have it: recorded before the policy is written. */
  readonly emails: readonly string[];
}

export interface GoogleClients extends ClusterClients {
  readonly google: GoogleProjects;
}

/** A pass of a GCPServiceAccountBinding. */
export type GooglePass = PassOf<GoogleClients, GoogleStatus>;

/** The status of one, as the API gives it; only podtrust may write it. */
export function googleStatusOf(object: KubernetesObject): GoogleStatus {
  const { principal, emails } = recordOf(object["status"]);
  return {
    ...statusHead(object),
    ...defined({ principal: textOf(principal) }),
    emails: Array.isArray(emails) ? emails.map(String) : [],
  };
}

/** The pool in which a ServiceAccount has its members; undefined if it has none that are known. */
export function standingPool({ emails, principal = "" }: GoogleStatus): PoolName | undefined {
  return emails.length === 0 ? undefined : poolOf(principal);
}

/** The subject of a binding's ServiceAccount. */
export function subjectOf({ metadata: { namespace = "", name } }: KubernetesObject): string {
  return serviceAccountSubject(namespace, name);
}
