export { type Account, emptyAccount, roleKey, seenRole, spreadRoles, tableNames } from "./account.ts";
export { accessKeyId, accountOfAccessKey, secretKey, sessionToken, uniqueId } from "./identifier.ts";
export type {
  AdminAccessKey,
  Caller,
  InstanceProfile,
  ManagedPolicy,
  OidcProvider,
  Parameter,
  ParameterVersion,
  ManagedPolicyVersion,
  Role,
  Session,
  Tag,
} from "./records.ts";
export { openStore, type Store } from "./store.ts";
export { Table } from "./table.ts";
