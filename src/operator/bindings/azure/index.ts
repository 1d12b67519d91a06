export { LeftCredentials } from "./leftovers.ts";
export { reconcileIdentity } from "./reconcile.ts";
export { reconcilingIdentities } from "./operating.ts";
export { BoundTenants } from "./tenants.ts";
export { type AzureTrustFacts, reconcileAzureTrust } from "./trust.ts";
