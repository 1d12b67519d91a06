export { type AzureApi, azureApi } from "./api.ts";
export { closeCredentials, mayBeClosed, reopenCredentials } from "./closing.ts";
export { AzureAccessTokens } from "./credentials/token.ts";
export { callerOf, readCredentials } from "./credentials/read.ts";
export {
  credentialsResource,
  type DoubledCredential,
  type HolderView,
  observedCredentials,
  viewOf,
} from "./credentials-resource.ts";
export { type AzureEndpoints, azureEndpoints } from "./endpoints.ts";
export { type AssertionExchange, tryExchange } from "./exchange.ts";
export {
  besideCredential,
  boundCredential,
  boundCredentialToDelete,
  credentialNamed,
  observedCredential,
  removeCredential,
} from "./bound-credential.ts";
export {
  boundCredentialName,
  credentialName,
  type ObservedCredential,
  isBoundCredential,
  otherIssuers,
  type CredentialOwner,
  type DesiredCredential,
} from "./federated-credential.ts";
export { applicationHolder, type CredentialHolder, identityHolder } from "./holders.ts";
export {
  identityOwner,
  identityResource,
  type IdentityState,
  listIdentities,
  listSubscriptionIdentities,
  observedIdentity,
  readIdentity,
} from "./identity-resource.ts";
export {
  applicationCredentialNames,
  type ResourceGroupRef,
  identityCredentialNames,
  identityNames,
  identityPath,
} from "./resource-paths.ts";
export { identityPaceMs } from "./vendor.ts";
