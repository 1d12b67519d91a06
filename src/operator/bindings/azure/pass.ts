import type { ClusterClients, PassOf, StatusHead } from "../pass.ts";
import type { BoundTenants } from "./tenants.ts";

/** An identity in which a binding's federated credential stands, or may. */
export interface IdentityStatus {
  /** Its resource id. */
  readonly id: string;
  /** Whether podtrust made it: it goes with the binding. */
  readonly managed: boolean;
  /** For AZURE_CLIENT_ID; absent until it was seen. */
  readonly clientId?: string;
  /** What role assignments name; absent until it was seen. */
  readonly principalId?: string;
  /** The name of the credential that is there, or is about to be; absent where there is none of ours. */
  readonly credential?: string;
}

/** `status` of an AzureIdentityBinding. */
export interface IdentityBindingStatus extends StatusHead {
  /** The granted one first. */
  readonly identities: readonly IdentityStatus[];
}

export interface IdentityClients extends ClusterClients {
  readonly azure: BoundTenants;
}

/** A pass of an AzureIdentityBinding. */
export type IdentityPass = PassOf<IdentityClients, IdentityBindingStatus>;
