import type { Grant } from "../objects/objects.ts";
import type { OtherScopes, TrustScope } from "../scopes.ts";

/** A resource group that holds identities of a trust. Its id is SUBSCRIPTION/GROUP in lower case. */
export interface AzureTrustGroup extends TrustScope {
  /** What bindings and grants call it. */
  readonly name: string;
  /** A GUID in lower case. */
  readonly subscription: string;
  readonly resourceGroup: string;
  /** Where identities are made; absent: where the group itself is. */
  readonly location?: string;
}

/** An identity that podtrust did not make: by its resource id, or by its name in a group of the trust. */
export type NamedIdentity =
  | { readonly resourceId: string }
  | { readonly name: string; readonly group?: string };

/** `spec` of an AzureIdentityBinding: one of `existing` and `managed`. */
export interface AzureBindingSpec {
  /** Name of an AzureTrust. */
  readonly trust: string;
  readonly existing?: NamedIdentity;
  /** An identity that podtrust makes for this ServiceAccount alone. */
  readonly managed?: { readonly group?: string };
}

/** An AzureIdentityBinding that was read: its name is that of the ServiceAccount. */
export interface AzureBinding extends AzureBindingSpec {
  readonly namespace: string;
  readonly name: string;
}

export interface AzureGrant extends Pick<Grant, "name" | "namespaces" | "serviceAccounts"> {
  /** Names of groups of the trust. */
  readonly groups: readonly string[];
  /** Patterns of names of existing identities, in lower case. */
  readonly identities?: readonly string[];
  /** Whether identities may be made. */
  readonly create: boolean;
  readonly maxIdentities: number;
}

export interface AzureTrustSpec {
  readonly stack: string;
  readonly issuer: string;
  /** A GUID in lower case. */
  readonly tenant: string;
  readonly cloud: "public" | "usgov" | "china";
  readonly groups: readonly Omit<AzureTrustGroup, "id">[];
  readonly grants?: readonly AzureGrant[];
}

/** An AzureTrust that was read. */
export interface AzureTrust extends AzureTrustSpec, OtherScopes<AzureTrustGroup> {
  readonly name: string;
  readonly groups: readonly AzureTrustGroup[];
  readonly grants: readonly AzureGrant[];
}
