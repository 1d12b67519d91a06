/** Which of Microsoft's clouds: each has hosts and an audience of its own. */
export type AzureCloudName = "public" | "usgov" | "china";

/** The identity that ServiceAccounts of the cluster become in a tenant. */
export type AzureIdentity = {
  /** ServiceAccounts that may become it, as NAMESPACE/NAME: each needs a federated credential, at most 20. */
  readonly serviceAccounts: readonly string[];
} & (
  | {
      readonly kind: "managed";
      /** The name of a user-assigned identity in the resource group. */
      readonly name: string;
      /** Its client id, a GUID; absent: Azure is asked. */
      readonly clientId?: string;
    }
  | {
      readonly kind: "application";
      /** The client id of an existing application, a GUID. */
      readonly clientId: string;
    }
);

/** A resource group of a tenant whose identities trust the issuer. */
export interface AzureTenant {
  /** GUID of the tenant. */
  readonly tenant: string;
  readonly cloud: AzureCloudName;
  /** GUID of the subscription. */
  readonly subscription: string;
  readonly resourceGroup: string;
  /** Where identities are made; absent: where the resource group is. */
  readonly location?: string;
  readonly identities: readonly AzureIdentity[];
}
