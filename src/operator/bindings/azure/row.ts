import { defined } from "../../../core/base/index.ts";
import { bindingMark } from "../../../rules/bindings/index.ts";
import { reconcile } from "../engine/reconcile.ts";
import type { BindingRow } from "../engine/row.ts";
import type { PartyPasses } from "../party.ts";
import { clientAnnotation, identityAnnotations } from "./annotation.ts";
import { azureErrors } from "./finding.ts";
import { LeftCredentials } from "./leftovers.ts";
import { MakingIdentities, pending, waiting } from "./making.ts";
import { ProvingIdentity } from "./proving.ts";
import { type AzureTypes, type IdentityClients, identityRights, identityRules } from "./rights.ts";
import { identityInterval, reconcileAzureTrust } from "./reconcile-trust.ts";
import { TakingCredentials } from "./taking.ts";
import type { BoundTenants } from "./tenants.ts";

/** Azure on the way of a binding. */
function identityRow(azure: BoundTenants): BindingRow<AzureTypes> {
  return {
    ...azureErrors,
    rules: identityRules,
    rights: identityRights,
    from: ({ tenant }) => `Azure tenant ${tenant}`,
    async open(trust, { metadata: { namespace = "", name } }, signal) {
      if (trust === undefined) return undefined;
      const tenant = await azure.of(trust, signal);
      return {
        taking: new TakingCredentials(tenant, bindingMark(trust, { namespace, name })),
        making: new MakingIdentities(tenant),
        proving: new ProvingIdentity(tenant),
        own: tenant.ownClientId,
      };
    },
    // Only of an identity that lets the ServiceAccount in: pods would ask for any other in vain.
    annotations({ trust: { tenant, cloud } }, { finding: { outcome }, rights: [right] }) {
      const { clientId } = defined({ clientId: right?.clientId });
      if (outcome !== "ok" || clientId === undefined) return undefined;
      return identityAnnotations({ clientId, tenant, cloud });
    },
    annotation: clientAnnotation,
    inSync: "IdentityInSync",
    pending,
    waiting,
    drift: "FederatedCredentialDrift",
    keptReason: "IdentityKept",
    interval: identityInterval,
    proof: {
      accepted: "AssertionAccepted",
      settling: "CredentialSettling",
      every: 15_000,
      untilLook: () => identityInterval,
    },
    second: "none",
    // A namespace may be deleted with all 20 credentials that an identity may have, at one write in four seconds.
    maxTurn: 180_000,
    // Credentials are found by their names.
    memory: "none",
  };
}

/** Passes of AzureIdentityBinding and AzureTrust. */
export function azurePasses(
  azure: BoundTenants,
): PartyPasses<Pick<IdentityClients, "azure">, LeftCredentials> {
  const row = identityRow(azure);
  return {
    party: "azure",
    clients: { azure },
    passing: ["CredentialPending", "CredentialSettling"],
    reportedOnTrust: ["IdentityKept"],
    binding: (facts, clients, clock, signal) => reconcile(row, facts, clients, { clock, signal }),
    leftovers: () => new LeftCredentials(),
    trust: reconcileAzureTrust,
    // Each identity is checked by its own bindings only.
    drifting: () => () => {},
  };
}
