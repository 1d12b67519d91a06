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
export * from "./publisher/index.ts";
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
