import { defined } from "../../core/base/index.ts";
import type { PartySection } from "./party-section.ts";
import type { AzureIdentity, AzureTenant } from "../azure/config.ts";
import { azureRules } from "../azure/rules.ts";
import type { AzureIdentityInput, AzureInput } from "../azure/schema.ts";

function resolveIdentity(input: AzureIdentityInput): AzureIdentity {
  const { serviceAccounts } = input;
  if ("application" in input)
    return { kind: "application", clientId: input.application.toLowerCase(), serviceAccounts };
  const clientId = input.clientId?.toLowerCase();
  return { kind: "managed", name: input.name, serviceAccounts, ...defined({ clientId }) };
}

// GUIDs are compared without regard to case: they are kept in one.
function resolveTenant({ cloud = "public", identities = [], ...rest }: AzureInput): AzureTenant {
  return {
    tenant: rest.tenant.toLowerCase(),
    cloud,
    subscription: rest.subscription.toLowerCase(),
    resourceGroup: rest.resourceGroup,
    ...defined({ location: rest.location }),
    identities: identities.map(resolveIdentity),
  };
}

/** The section `azure`. */
export const azureSection: PartySection = {
  rules: azureRules,
  resolve: ({ azure = [] }) => ({ azure: azure.map(resolveTenant) }),
  async audiences({ azure }, { namespace, name }) {
    const { azureAudiences } = await import("../../rules/azure/index.ts");
    return azure.flatMap(({ tenant, cloud, identities }) =>
      identities
        .filter(({ serviceAccounts }) => serviceAccounts.includes(`${namespace}/${name}`))
        .map((identity) => ({
          what: `tenant ${tenant}, ${identity.kind === "managed" ? `identity ${identity.name}` : `application ${identity.clientId}`}`,
          audience: azureAudiences[cloud],
        })),
    );
  },
};
