export {
  type ApiServerFlags,
  changeFlags,
  type FlagChange,
  flagDifference,
  issuerFlagsOf,
  parseFlags,
  secretTokenKeyFile,
} from "./api-server-flags.ts";
export {
  type DistributionHints,
  type DistributionName,
  distributionOf,
  distributions,
  isManaged,
  kubernetesMinor,
  type NodeFacts,
  standardIssuer,
  talosMinor,
} from "./distribution.ts";
export { type Instruction, issuerInstructions } from "./instructions.ts";
export {
  changeKubeadmConfig,
  kubeadmKeyFlags,
  saysInKubeadmConfig,
  withFormerIssuer,
} from "./kubeadm-config.ts";
export { flagText, issuerFlags } from "./issuer-flags.ts";
export { kubeletConfigs, type KubeletSettings, kubeletSettings } from "./kubelet.ts";
export {
  type Behaviour,
  disagreement,
  type MachineRuns,
  provedRuns,
  type RunningLook,
  type WhatRuns,
} from "./what-runs.ts";
export { readUnit, runsServer, type ServerUnit, unitProperties } from "./server-unit.ts";
export { manifestUser, type ServerUser } from "./server-user.ts";
export {
  type ChangedValue,
  changeManifest,
  type FileKeys,
  type KeptFacts,
  keysBetween,
  manifestFlags,
  podMounts,
  podName,
  podPort,
  podWords,
  startLinePattern,
  startLineWords,
} from "./server-files.ts";
export {
  apiServerArgument,
  argumentName,
  argumentsInFiles,
  inReadingOrder,
  isConfigFile,
  listConfigFiles,
  type RancherName,
  type ServerConfigFile,
  serverConfigFlags,
} from "./rancher-config.ts";
export { type ChangedStart, startAfter, unitFlagWords } from "./rancher-change.ts";
export { commandIn, type UnitText } from "./unit-file.ts";
export { proxyOf } from "./proxied.ts";
export { type IssuerTwice, issuerTwice, type UnitFlags, unitFlags, unitNote } from "./unit-flags.ts";
export {
  serverConfigPath,
  type ServerStart,
  serverStart,
  type StartRefusal,
  type UnitStart,
  unitVariables,
} from "./rancher-start.ts";
