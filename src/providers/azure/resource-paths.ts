import type { NamedResource } from "../../rules/plan/index.ts";

/** A resource group. Names in Azure Resource Manager are the same in every case. */
export interface ResourceGroupRef {
  /** A GUID in lower case. */
  readonly subscription: string;
  readonly resourceGroup: string;
}

const lower = (text: string): string => text.toLowerCase();

/** The path of a resource group, below Resource Manager's base. */
export const groupPath = ({ subscription, resourceGroup }: ResourceGroupRef): string =>
  `/subscriptions/${subscription}/resourceGroups/${encodeURIComponent(resourceGroup)}`;

/** The path of the identities of a resource group. */
export const identitiesPath = (group: ResourceGroupRef): string =>
  `${groupPath(group)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`;

/** The path of all identities of a subscription ("User Assigned Identities - List By Subscription"). */
export const subscriptionIdentitiesPath = (subscription: string): string =>
  `/subscriptions/${subscription}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`;

/** The path of one identity. */
export const identityPath = (group: ResourceGroupRef, name: string): string =>
  `${identitiesPath(group)}/${name}`;

const groupId = ({ subscription, resourceGroup }: ResourceGroupRef): string =>
  `azure/${subscription}/${lower(resourceGroup)}`;

/** The names of an identity in plans and selections. */
export function identityNames(group: ResourceGroupRef, name: string): NamedResource {
  const short = `identity/${lower(name)}`;
  const place = groupId(group);
  return {
    id: `${place}/${short}`,
    kind: "managed-identity",
    names: [name, short, place],
    link: "provider",
  };
}

/** The names of an identity's federated credentials in plans and selections. */
export function identityCredentialNames(group: ResourceGroupRef, name: string): NamedResource {
  const short = `credentials/${lower(name)}`;
  const place = groupId(group);
  return {
    id: `${place}/${short}`,
    kind: "federated-credentials",
    names: [name, short, place],
    link: "trust",
  };
}

/** The names of an application's federated credentials in plans and selections. */
export function applicationCredentialNames(tenant: string, clientId: string): NamedResource {
  const short = `credentials/${clientId}`;
  return {
    id: `azure/${tenant}/application/${clientId}/credentials`,
    kind: "federated-credentials",
    names: [clientId, short, `azure/${tenant}`],
    link: "trust",
  };
}
