export { LeftCredentials } from "./leftovers.ts";
export { planningIdentities } from "./plan-files.ts";
export { azurePasses } from "./row.ts";
export { reconcilingIdentities } from "./operating.ts";
export { BoundTenants } from "./tenants.ts";
export { type AzureTrustFacts, reconcileAzureTrust } from "./reconcile-trust.ts";
