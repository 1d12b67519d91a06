export { decide, type Decision, type GrantedRole, type Refusal, type WantedRole } from "./decide/decide.ts";
export { bindingMark, markedBinding, roleName } from "./decide/role-name.ts";
export { bindingManifests } from "./manifests/index.ts";
export type { Binding, BindingSpec, Grant, RoleOfBinding, Trust, TrustAccount } from "./objects/objects.ts";
export { type Read, readBinding, readTrust } from "./objects/read.ts";
export type { FieldProblem } from "./schema/index.ts";
