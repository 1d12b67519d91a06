export {
  isOriginOf,
  type OpenBaoAccess,
  openbaoAccess,
  type OpenBaoEndpoint,
  openbaoServer,
  requireNamedServer,
} from "./access.ts";
export { OpenBaoApi } from "./api.ts";
export { openbaoCaller, policyExists } from "./caller.ts";
export { type Fields, written } from "./fields.ts";
export { type Login, tryLogin } from "./login.ts";
export {
  mountFields,
  mountNames,
  type MountRef,
  mountResource,
  type MountSpec,
  type MountState,
  observedMount,
  readMount,
} from "./mount.ts";
export { type Refetch, refetchKeys } from "./refetch.ts";
export {
  jwtRoleFields,
  jwtRoleNames,
  jwtRoleResource,
  type JwtRoleSpec,
  listJwtRoles,
  observedJwtRole,
  readJwtRole,
  surplusJwtRole,
} from "./role.ts";
