export { allowedOf, mayRetain } from "./decide/allowed.ts";
export { decide, type GrantDecision, type GrantedRole, type DecidedRole } from "./decide/decide.ts";
export type { GrantRefusal } from "./grants/matching-grants.ts";
export type { GrantedTo, NamespacedName } from "./grants/is-for.ts";
export { bindingMark, isBindingMark, markedBinding, roleName } from "./decide/role-name.ts";
export {
  bindingManifests,
  bindingPolicies,
  grantsGuardName,
  proofTokenSeconds,
  tenantQuota,
  defaultIdentity,
  type OwnToken,
  type PartyManifests,
} from "./manifests/index.ts";
export {
  apiVersion,
  bindingNames,
  bindingsManager,
  type BoundKind,
  type BoundParty,
  finalizer,
  type KindNames,
  partyNames,
  isRetained,
  retainedMark,
  earlierRolesAnnotation,
  goneAnnotation,
  retryAnnotation,
  trustNames,
  defaultProfile,
  operatorAccount,
} from "./names/index.ts";
export { type StatusCondition, conditionOf, type ConditionContent } from "./objects/condition.ts";
export type { AllowedRole } from "./objects/grant-limits.ts";
export {
  type Binding,
  type BindingSpec,
  type Grant,
  scopesOf,
  type RoleOfBinding,
  type Trust,
  type TrustAccount,
} from "./objects/objects.ts";
export { kindOf, type Read, readBinding, readTrust } from "./objects/read.ts";
export { type NewBinding, bindingObject } from "./objects/write.ts";
export { goneRefusal, type OtherScopes, type TrustScope } from "./scopes.ts";
export { type CountedBinding, withoutRoom, type WithoutRoom } from "./decide/room.ts";
export { type Shares, shareOf } from "./decide/share.ts";
export { operatorPolicy } from "./decide/operator-policy.ts";
export type { FieldProblem } from "./schema/check.ts";
export { bindingProblems, loadPartyManifests } from "./relying-parties.ts";
