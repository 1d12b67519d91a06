export { awsManagedPolicies } from "./managed-policies.ts";
export { managedPolicyText } from "./policy-store.ts";
export { thumbprintFetcher } from "./provider-thumbprint.ts";
export { iamService } from "./service.ts";
