export { cloudInit } from "./cloud-init.ts";
export { newSshKeyPair } from "./host-key.ts";
export {
  forgetLoginKey,
  hasOwnLoginKey,
  knownLoginKeys,
  type LoginKeySource,
  makeLoginKey,
  ownLoginKey,
} from "./login-key.ts";
export {
  type AccountAtCa,
  type AccountsSpec,
  accountsNames,
  accountsResource,
} from "./publisher/accounts.ts";
export type { MachineAccountRecords, ObservedRecords } from "./publisher/account-records.ts";
export { type PublisherSite, rollBack } from "./publisher/apply.ts";
export { backupFolderNames, backupFolderResource } from "./publisher/backup-folder.ts";
export { hostConfig } from "./publisher/config-file.ts";
export { type HostLayout, hostLayout, unitNames } from "./publisher/layout.ts";
export { findReleases, readRelease } from "./publisher/release.ts";
export { publisherNames, publisherResource } from "./publisher/resource.ts";
export { PublisherStateFiles } from "./publisher/state-files.ts";
export { publisherUnits, type UnitsSpec } from "./publisher/units.ts";
export type { HostPublisherSpec } from "./publisher/spec.ts";
export { systemNames, systemResource } from "./system/resource.ts";
export { HostConnection, type HostLocator } from "./connection.ts";
export { type ForwardedCluster, forwardCluster } from "./forwarded-cluster.ts";
export { hostKeyAlias, pinFile, pinnedKnownHosts } from "./host-key-pin.ts";
export { configFile } from "./k3s/config-file.ts";
export type { HostFile } from "./k3s/spec.ts";
export { datastoreCopy } from "./k3s/scripts.ts";
export type { LookAtRunning } from "./k3s/running-flags.ts";
export { type K3sSigningKeys, readK3sSigningKeys } from "./k3s/signing-keys.ts";
export { rootPathFunctions } from "./root-paths.ts";
export { k3sNames, k3sResource } from "./k3s/resource.ts";
export type { K3sSpec } from "./k3s/spec.ts";
export { openSession, type ScriptResult, type SshSession, stepFailure } from "./session.ts";
export { type SshTarget, targetText } from "./target.ts";
