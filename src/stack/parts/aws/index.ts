export { awsMemories } from "./memory.ts";
export { awsOpenTofu } from "./opentofu.ts";
export { type OidcProviderFacts, type RoleState, trustedRole } from "../../../aws/index.ts";
export { admissionOf, providerArnOf, roleArnOf, trustPolicyOf, trusts } from "./role-trust.ts";
export type { AwsPolicy } from "./least-policy.ts";
export { type AwsPart, type AwsPartContext, awsPart, awsParts, type Exchange, type Look } from "./part.ts";
