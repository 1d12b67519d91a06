export { accountAnnotations, profilePrefix } from "./annotations.ts";
export { accessAnnotations, type InjectionNote, type Surroundings } from "./asked.ts";
export { type InjectionFault, injectionFault } from "./fault.ts";
export { injectRole } from "./inject.ts";
export { inject, type Injection, type UntouchedReason } from "./injection.ts";
export { isAlive, type PodSpec } from "./pod.ts";
export { injectionProblem, type InjectionProblem, type InjectionReason, type WantedRole } from "./problem.ts";
export type { Profile, RoleAccess } from "./role-access.ts";
export { roleEnvironment } from "./variables.ts";
