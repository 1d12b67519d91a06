import type { PartyPasses } from "../party.ts";
import { LeftCredentials } from "./leftovers.ts";
import type { IdentityClients } from "./pass.ts";
import { reconcileIdentity } from "./reconcile.ts";
import type { BoundTenants } from "./tenants.ts";
import { reconcileAzureTrust } from "./reconcile-trust.ts";

/** Passes of AzureIdentityBinding and AzureTrust. */
export function azurePasses(
  azure: BoundTenants,
): PartyPasses<Pick<IdentityClients, "azure">, LeftCredentials> {
  return {
    party: "azure",
    clients: { azure },
    passing: ["CredentialPending", "CredentialSettling"],
    reportedOnTrust: ["IdentityKept"],
    binding: reconcileIdentity,
    leftovers: () => new LeftCredentials(),
    trust: reconcileAzureTrust,
    // Each identity is checked by its own bindings only.
    drifting: () => () => {},
  };
}
