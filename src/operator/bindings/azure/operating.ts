import type { KubernetesObject } from "../../../providers/kubernetes/index.ts";
import { readAzureTrust } from "../../../rules/bindings/azure/index.ts";
import { partyNames } from "../../../rules/bindings/index.ts";
import { recordOf } from "../../../core/base/index.ts";
import type { Controllers, ControllerTools } from "../../index.ts";
import { ClusterView } from "../cluster-view.ts";
import { followedBy, partyControllers } from "../controllers.ts";
import { azurePasses } from "./row.ts";
import { identitiesOf } from "./rights.ts";
import { BoundTenants } from "./tenants.ts";

const ofAzure = {
  kind: partyNames.azure.trust.kind,
  read: readAzureTrust,
  /** Identities of its own that a binding asks for, and has: those that were seen. */
  count(binding: KubernetesObject) {
    const wanted = recordOf(binding["spec"])["managed"] === undefined ? 0 : 1;
    return {
      wanted,
      held: identitiesOf(binding).filter((one) => one.managed && one.principalId !== undefined).length,
    };
  },
};

/**
 * The controllers of AzureIdentityBinding and AzureTrust, with the environment's credentials for Azure: in the cluster
 * those of the operator's own projected token.
 */
export function reconcilingIdentities(
  tools: ControllerTools,
  env: Readonly<Record<string, string | undefined>>,
): Controllers {
  const { api, clock } = tools;
  const followed = followedBy(tools, "azure", new ClusterView(api, clock, ofAzure));
  return partyControllers(azurePasses(new BoundTenants({ clock, env })), followed);
}
