export { decide, type Decision, type GrantedRole, type Refusal, type WantedRole } from "./decide/decide.ts";
export { bindingMark, markedBinding, roleName } from "./decide/role-name.ts";
export { bindingManifests, proofTokenSeconds } from "./manifests/index.ts";
export { apiVersion, bindingNames, bindingsManager, finalizer, trustNames, usualProfile } from "./names.ts";
export { type Condition, conditionOf, type Found, timeText } from "./objects/condition.ts";
export type { Binding, BindingSpec, Grant, RoleOfBinding, Trust, TrustAccount } from "./objects/objects.ts";
export { type Read, readBinding, readTrust } from "./objects/read.ts";
export type { FieldProblem } from "./schema/index.ts";
