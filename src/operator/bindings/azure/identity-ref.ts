import type { AzureTrustGroup, AzureTrust } from "../../../rules/bindings/azure/index.ts";
import type { NamespacedName } from "../../../rules/bindings/index.ts";
import { readResourceId } from "../../../rules/bindings/azure/index.ts";
import { serviceAccountSubject } from "../../../rules/oidc/index.ts";
import type { DesiredCredential } from "../../../providers/azure/index.ts";
import type { BoundTenant } from "./tenants.ts";

/** An identity by the group and the name in its resource id. */
export interface IdentityRef {
  readonly group: Pick<AzureTrustGroup, "subscription" | "resourceGroup">;
  readonly name: string;
}

export function placeOf(id: string): IdentityRef {
  const { name, ...group } = readResourceId(id);
  return { group, name };
}

/** Resource ids are case-insensitive. */
export const sameId = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** Issuer and subject that a binding's credential lets in. */
export function pairOf(
  { issuer }: Pick<AzureTrust, "issuer">,
  { namespace, name }: NamespacedName,
): Pick<DesiredCredential, "issuer" | "subject"> {
  return { issuer, subject: serviceAccountSubject(namespace, name) };
}

/** The credential that lets a binding's ServiceAccount become an identity. */
export function desiredCredential(
  trust: Pick<AzureTrust, "issuer">,
  binding: NamespacedName,
  { cloud }: Pick<BoundTenant, "cloud">,
): DesiredCredential {
  return {
    account: `${binding.namespace}/${binding.name}`,
    ...pairOf(trust, binding),
    audience: cloud.audience,
  };
}
