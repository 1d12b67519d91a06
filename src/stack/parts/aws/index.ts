export { awsMemories } from "./memory.ts";
export { awsOpenTofu } from "./opentofu.ts";
export {
  type OidcProviderFacts,
  type RoleState,
  trustedPrincipals,
  trustedRole,
} from "../../../providers/aws/index.ts";
export { admissionOf, providerArnOf, roleArnOf, trustPolicyOf, trusts } from "./role-trust.ts";
export { type AwsPart, type AwsPartContext, awsPart, awsParts, type Look } from "./part.ts";
export type { Exchange } from "./exchange.ts";
export type { BoundAccount, BoundPlan } from "./bound-account.ts";
export { BoundAccounts } from "./bound-accounts.ts";
export { awsConfigOf, roleConfigOf } from "./bound-role.ts";
