export { injectRole } from "./inject.ts";
export { webhookRoleAnnotation } from "./place.ts";
export { isAlive, type PodSpec } from "./pod.ts";
export { injectionProblem, type InjectionProblem, type InjectionReason, type WantedRole } from "./problem.ts";
export type { RoleAccess } from "./role-access.ts";
export { roleEnvironment } from "./variables.ts";
