import type { OtherScopes, TrustScope } from "../scopes.ts";

/** What a GCPServiceAccountBinding says: one of `email` and `direct`. */
export interface GoogleBindingSpec {
  /** Name of a GCPTrust. */
  readonly trust: string;
  /** The service account that is impersonated. */
  readonly email?: string;
  /** The ServiceAccount is its own principal, which policies of resources name. */
  readonly direct: boolean;
}

/** A GCPServiceAccountBinding that was read: its name is that of the ServiceAccount. */
export interface GoogleBinding extends GoogleBindingSpec {
  readonly namespace: string;
  readonly name: string;
}

export interface GoogleGrant {
  readonly name: string;
  /** Patterns, as are the names and addresses below. */
  readonly namespaces: readonly string[];
  readonly serviceAccounts?: readonly string[];
  readonly emails?: readonly string[];
  readonly direct: boolean;
}

export interface GoogleTrustSpec {
  readonly issuer: string;
  readonly projectNumber: string;
  readonly pool: string;
  readonly provider: string;
  /** Absent: the provider's own name as URL. */
  readonly audience?: string;
  readonly grants?: readonly GoogleGrant[];
}

/** A GCPTrust that was read. */
export interface GoogleTrust extends GoogleTrustSpec, Pick<OtherScopes<TrustScope>, "gone"> {
  readonly name: string;
  readonly grants: readonly GoogleGrant[];
}

/** What a person calls a pool by. */
export const poolId = ({ projectNumber, pool }: Pick<GoogleTrustSpec, "pool" | "projectNumber">): string =>
  `${projectNumber}/${pool}`;
