export { decideIdentity, type GrantedIdentity, type IdentityDecision, mayKeepIdentity } from "./decide.ts";
export { groupId, readResourceId, resourceIdOf } from "./forms.ts";
export { azureManifests } from "./manifests.ts";
export type { AzureBinding, AzureGrant, AzureTrustGroup, AzureTrust } from "./objects.ts";
export { readAzureBinding, readAzureTrust } from "./read.ts";
