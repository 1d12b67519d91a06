import type { AzureTenant, Config } from "../../../config/index.ts";

const identities = "Microsoft.ManagedIdentity/userAssignedIdentities";
const verbs = ["delete", "read", "write"];

/** What each resource group gives. Nothing of it lets an identity be given a role, nor put on a machine. */
const actions = [
  ...verbs.map((verb) => `${identities}/federatedIdentityCredentials/${verb}`),
  ...verbs.map((verb) => `${identities}/${verb}`),
  // Where new identities are made, unless the config says.
  "Microsoft.Resources/subscriptions/resourceGroups/read",
];

/** The least that whoever runs `plan`, `up` and `down` needs, as a custom role that az takes ("Azure custom roles", JSON). */
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
