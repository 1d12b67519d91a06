export { accountAnnotations, chainPrefix, profilePrefix, skipLabel } from "./annotations.ts";
export { accessAnnotations, type Agent, type Surroundings } from "./annotated-access.ts";
export { type InjectionFault, injectionFault } from "./fault.ts";
export { accessConflict } from "./conflict.ts";
export { sourceProfile } from "./config-file.ts";
export { googleAnnotations, googleAudience, injectOwnGoogle, type TokenTaker } from "./gcp.ts";
export { injectRole } from "./inject-role.ts";
export { inject, type Injection, type UntouchedReason } from "./inject.ts";
export { azureAnnotations, azureMount, azureVariables } from "./azure.ts";
export { openbaoAnnotations } from "./openbao.ts";
export { injectParties, partyFault } from "./parties.ts";
export { injectionPatch, type AddOperation } from "./json-patch.ts";
export { type InjectionNote, saying } from "./notes.ts";
export { isAlive, type PodSpec } from "./pod.ts";
export { boundPolicyName, maxServiceAccounts, namespaceLabel } from "./policy/bound.ts";
export {
  type InjectionMap,
  injectionConfigMap,
  injectionMaps,
  leftOutAccounts,
} from "./policy/config-map.ts";
export type { ParameterMode } from "./policy/parameters.ts";
export { injectionPolicies, type PolicySpec } from "./policy/policies.ts";
export { policyMinors, type PolicyMinor } from "./policy/objects.ts";
export {
  type AccountPolicies,
  loadPartyPolicies,
  type PartyPolicies,
  type PodPolicySpec,
  type PodPolicies,
} from "./policy/party-policies.ts";
export {
  injectionProblem,
  type InjectionProblem,
  type InjectionReason,
  type ExpectedRole,
} from "./problem.ts";
export { noRoleMap, readRoleMap, type RoleMap, withRoleMap } from "./role-map.ts";
export type { Profile, RoleAccess } from "./role-access.ts";
export { roleEnvironment } from "./variables.ts";
export { injectionWarnings } from "./warnings.ts";
export { annotationsView, injectionView } from "./view.ts";
