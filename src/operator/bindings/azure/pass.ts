import type { ClusterClients, PassOf, StatusHead } from "../pass.ts";
import type { BoundTenants } from "./tenants.ts";

/** An identity that has a binding's federated credential, or may have it. */
export interface IdentityStatus {
  /** Its resource id. */
  readonly id: string;
  /** Whether podtrust made it: if so, it is deleted with the binding. */
  readonly managed: boolean;
  /** For AZURE_CLIENT_ID; absent until it was seen. */
  readonly clientId?: string;
  /** The id that role assignments name; absent until it was seen. */
  readonly principalId?: string;
  /** The name of podtrust's credential that exists, or is about to be made; absent if there is none. */
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
