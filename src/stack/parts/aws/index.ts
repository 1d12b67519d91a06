export { awsMemories } from "./memory.ts";
export { awsOpenTofu } from "./opentofu.ts";
export {
  isClosedAfterTheft,
  type Lockdown,
  type OidcProviderFacts,
  type RoleState,
  trustedRole,
} from "../../../providers/aws/index.ts";
export {
  admissionOf,
  formerIssuersOf,
  providerArnOf,
  roleArnOf,
  trustPolicyOf,
  trusts,
} from "./role-trust.ts";
export { type AwsPart, type AwsPartContext, awsPart, awsParts, type ResourceDrift } from "./part.ts";
export { type LockedRole, type RoleChange, type RolesLocked } from "./lockdown.ts";
export { type TokenExchange, exchanged } from "./exchange.ts";
export { type AccountAnswers, accountAnswers, preflight } from "./preflight.ts";
export { accountResources, type AccountResources } from "./resources.ts";
