export { actionsBeyond } from "./access/boundary.ts";
export { authorize, evaluate, type PolicyLayers } from "./access/evaluate.ts";
export type {
  AccessRequest,
  Evaluation,
  Layer,
  Principal,
  RequestContext,
  StatementCheck,
  StatementTrace,
} from "./language/request.ts";
export { matchesPattern, patternOf } from "./condition/pattern.ts";
export type { AllowCondition, AllowPolicy, AllowStatement } from "./policy/allow-policy.ts";
export type { IamRule } from "./iam/rule.ts";
export { iamRules, trustPolicyRefusal } from "./iam/rules.ts";
export { canonicalPolicy } from "./policy/canonical.ts";
export { diffPolicies, type PolicyChange } from "./policy/diff.ts";
export type {
  Condition,
  NamedPolicy,
  PolicyDocument,
  PolicyKind,
  PolicyVersion,
  Principals,
  PrincipalType,
  Statement,
} from "./language/document.ts";
export { isReadable, policyEffects, type PolicyEffects } from "./policy/effects.ts";
export { PolicyError } from "./policy/error.ts";
export { type PolicyWarning, trustPolicyWarnings } from "./policy/lint.ts";
export { parsePolicy, readPolicy } from "./policy/parse.ts";
export {
  inlinePolicyQuota,
  managedPolicyQuota,
  policyQuotas,
  policySize,
  type QuotaRefusal,
  trustQuota,
} from "./policy/quota.ts";
export { policyText } from "./policy/text.ts";
export { webIdentityTrustPolicy, type WebIdentityStatement } from "./policy/web-identity.ts";
export { admission, type Admission, type AdmissionQuestion } from "./sts/admission.ts";
export type { AwsMessage } from "./sts/answer.ts";
export { decideWebIdentity, explainWebIdentity } from "./sts/decide.ts";
export {
  callKeys,
  type ProviderFacts,
  type RoleFacts,
  type WebIdentityFacts,
  type WebIdentityRequest,
} from "./sts/facts.ts";
export {
  type SessionGrant,
  type MessageProfile,
  messageProfiles,
  type Refusal,
  type StsRuleReport,
  type WebIdentityDecision,
} from "./sts/outcome.ts";
export { factsOfTrustPolicy, type TrustPolicyFacts } from "./sts/policy-facts.ts";
export type { DecidingKey, RoleArn, StsRule } from "./sts/rule.ts";
export { parseRoleArn, stsRules, unknownChain } from "./sts/rules/index.ts";
