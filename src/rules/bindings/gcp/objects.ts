import { recordOf } from "../../../core/base/index.ts";
import { readObject, type Read } from "../objects/read.ts";
import { partyNames } from "../names.ts";
import { otherScopes, type OtherScopes, type TrustScope } from "../scopes.ts";
import { googleBindingSpec, googleTrustSpec, poolScope } from "./schema.ts";

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

interface GoogleTrustSpec {
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

/** Reads a GCPServiceAccountBinding from unvalidated JSON. What the API server refuses is refused here too. */
export function readGoogleBinding(value: unknown): Read<GoogleBinding> {
  const read = readObject(value, partyNames.gcp.binding, googleBindingSpec);
  if ("problems" in read) return read;
  const { namespace, name, spec } = read.object;
  return { object: { namespace, name, ...(spec as GoogleBindingSpec) } };
}

/** Reads a GCPTrust likewise. */
export function readGoogleTrust(value: unknown): Read<GoogleTrust> {
  const read = readObject(value, partyNames.gcp.trust, googleTrustSpec);
  if ("problems" in read) return read;
  const { name } = read.object;
  const spec = read.object.spec as GoogleTrustSpec;
  const { gone } = otherScopes(recordOf(value), [{ id: poolId(spec) }], poolScope);
  return { object: { name, ...spec, grants: spec.grants ?? [], gone } };
}

/** What a person calls a pool by. */
export const poolId = ({ projectNumber, pool }: Pick<GoogleTrustSpec, "pool" | "projectNumber">): string =>
  `${projectNumber}/${pool}`;
