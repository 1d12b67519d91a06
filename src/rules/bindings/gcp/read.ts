import { recordOf } from "../../../core/base/index.ts";
import { partyNames } from "../names/index.ts";
import { readObject, type Read } from "../objects/read.ts";
import { otherScopes } from "../scopes.ts";
import {
  type GoogleBinding,
  type GoogleBindingSpec,
  type GoogleTrust,
  type GoogleTrustSpec,
  poolId,
} from "./objects.ts";
import { googleBindingSpec, googleTrustSpec, poolScope } from "./schema.ts";

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
