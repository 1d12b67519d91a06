export { type GoogleApi, googleApi } from "./api.ts";
export {
  closeAfterTheft,
  type ClosedMark,
  closedMarkOf,
  type GoogleClosable,
  noteKeyGone,
  reopenAfterTheft,
} from "./closing.ts";
export { parseCredentials, readCredentials } from "./credentials/file.ts";
export { exchangeEndpoints, iamEndpoint } from "./endpoint.ts";
export { type Exchanged, tryExchange } from "./exchange.ts";
export { readProvider, type Uploaded, uploadedKeys, uploadKeys } from "./keys.ts";
export { observedKept, observedToDelete } from "./kept.ts";
export { memberResource, type MemberSpec, type MemberState } from "./member-resource.ts";
export { lockoutWarning, lockedOut, type OpenedGoogle, openGoogle } from "./open.ts";
export { memberNames, poolNames, providerNames } from "./resource-paths.ts";
export { listPools, poolResource, poolToDelete, readPool } from "./pool-resource.ts";
export {
  type LaterKeys,
  listProviders,
  providerResource,
  type ProviderSpec,
  providerToDelete,
} from "./provider-resource.ts";
export { listServiceAccounts } from "./service-accounts.ts";
export { ownerOf, type PoolState, type ProviderState } from "./shapes.ts";
