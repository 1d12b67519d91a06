import type { PartyPasses } from "../party.ts";
import { LeftCredentials } from "./leftovers.ts";
import type { IdentityClients } from "./pass.ts";
import { reconcileIdentity } from "./reconcile.ts";
import type { BoundTenants } from "./tenants.ts";
import { reconcileAzureTrust } from "./trust.ts";

/** Passes of AzureIdentityBinding and AzureTrust. */
export function azurePasses(azure: BoundTenants): PartyPasses<IdentityClients> {
  /** By the trusts' names. */
  const leftovers = new Map<string, LeftCredentials>();
  return {
    party: "azure",
    clients: (cluster) => ({ ...cluster, azure }),
    passing: ["CredentialPending", "CredentialSettling"],
    toldOnTrust: ["IdentityKept"],
    binding: reconcileIdentity,
    async trust(seen, trusts, clients, { clock, signal }) {
      for (const name of leftovers.keys()) if (!trusts.has(name)) leftovers.delete(name);
      if (seen === undefined) return { conditions: [], events: [], againIn: undefined };
      const { name } = seen.object.metadata;
      const left = leftovers.get(name) ?? new LeftCredentials();
      leftovers.set(name, left);
      return reconcileAzureTrust({ ...seen, leftovers: left }, clients, clock, signal);
    },
    // Each identity is looked at by its own bindings alone.
    drifting: () => () => {},
  };
}
