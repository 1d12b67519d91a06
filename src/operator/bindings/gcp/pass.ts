import { defined, recordOf, textOf } from "../../../core/base/index.ts";
import type { KubernetesObject } from "../../../providers/kubernetes/index.ts";
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
  const known = textOf(principal);
  return {
    ...statusHead(object),
    ...defined({ principal: known }),
    emails: Array.isArray(emails) ? emails.map(String) : [],
  };
}
