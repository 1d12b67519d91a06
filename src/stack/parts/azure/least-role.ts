import type { AzureTenant, Config } from "../../../config/index.ts";

const identities = "Microsoft.ManagedIdentity/userAssignedIdentities";
const verbs = ["delete", "read", "write"];

/** Rights per resource group. None lets an identity be granted a role, or be assigned to a machine. */
const actions = [
  ...verbs.map((verb) => `${identities}/federatedIdentityCredentials/${verb}`),
  ...verbs.map((verb) => `${identities}/${verb}`),
  // Where new identities are created, unless the config says.
  "Microsoft.Resources/subscriptions/resourceGroups/read",
];

/** The least privileges for `plan`, `up` and `down`, as a custom role for az ("Azure custom roles", JSON). */
export function leastAzureRole(
  { stack }: Pick<Config, "stack">,
  groups: readonly Pick<AzureTenant, "resourceGroup" | "subscription">[],
): object {
  return {
    Name: `podtrust ${stack}`,
    IsCustom: true,
    Description: `Identities of stack ${stack} and their federated credentials; assigned on each resource group`,
    Actions: actions,
    NotActions: [],
    AssignableScopes: groups.map(
      ({ subscription, resourceGroup }) => `/subscriptions/${subscription}/resourceGroups/${resourceGroup}`,
    ),
  };
}
