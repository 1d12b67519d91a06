import { partyNames } from "../names.ts";
import { type Read, readObject } from "../objects/read.ts";
import { azureBindingSpec } from "./binding-schema.ts";
import type { AzureBinding, AzureBindingSpec, AzureTrust, AzureTrustSpec } from "./objects.ts";
import { azureTrustSpec } from "./trust-schema.ts";

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
  return { object: { name: read.object.name, ...spec, grants: spec.grants ?? [] } };
}
