import { recordOf } from "../../../core/base/index.ts";
import { partyNames } from "../names/index.ts";
import { otherScopes } from "../scopes.ts";
import { type Read, readObject } from "../objects/read.ts";
import { azureBindingSpec } from "./binding-schema.ts";
import type { AzureBinding, AzureBindingSpec, AzureTrust, AzureTrustSpec } from "./objects.ts";
import { groupId } from "./forms.ts";
import { azureTrustSpec, groupScope } from "./trust-schema.ts";

const { binding: bindingNames, trust: trustNames } = partyNames.azure;

/** Reads an AzureIdentityBinding from unvalidated JSON, as `readBinding` does. */
export function readAzureBinding(value: unknown): Read<AzureBinding> {
  const read = readObject(value, bindingNames, azureBindingSpec);
  if ("problems" in read) return read;
  const { namespace, name, spec } = read.object;
  return { object: { namespace, name, ...(spec as AzureBindingSpec) } };
}

/** Reads an AzureTrust, as `readTrust` does. */
export function readAzureTrust(value: unknown): Read<AzureTrust> {
  const read = readObject(value, trustNames, azureTrustSpec);
  if ("problems" in read) return read;
  const spec = read.object.spec as AzureTrustSpec;
  const all = spec.groups.map((one) => ({ id: groupId(one), ...one }));
  const others = otherScopes(recordOf(value), all, groupScope);
  const groups = all.filter(({ id }) => !others.gone.includes(id));
  return { object: { name: read.object.name, ...spec, groups, grants: spec.grants ?? [], ...others } };
}
