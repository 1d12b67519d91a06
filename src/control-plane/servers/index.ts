export { type KubeadmConfig, kubeadmConfig } from "./kubeadm-config.ts";
export type { MachineKey, MachineKeyAlgorithm, MachineKeys } from "./machine-keys.ts";
export type { PreviousFiles } from "./kept-files.ts";
export { lookAtMachine, lookAtServers, notLookedAt, type ServerSight } from "./look.ts";
export { k3sOnMachine } from "./on-machine.ts";
export { openServers, type Servers, type ServersOptions } from "./open.ts";
export { checkListed } from "./known.ts";
export { requireOwnAddress } from "./proxied.ts";
export { onEachServer } from "./session.ts";
export type {
  ApiServer,
  KeyChange,
  RestoredFiles,
  ControlPlaneServer,
  ServerDiscovery,
  ServerIdentity,
  ServerFiles,
  ServerKey,
  ServerKeyFiles,
} from "./server.ts";
export {
  askedThroughRestart,
  isSilence,
  type Restart,
  restartMs,
  settled,
  type SettleOptions,
  type DesiredFlags,
} from "./settle.ts";
export type { ApiServerFlags, FlagChange } from "../../rules/distribution/index.ts";
