export {
  startStandInCa,
  type CaFault,
  type CaResource,
  type StandInCa,
  type StandInCaOptions,
} from "./ca/index.ts";
export {
  type ClusterFault,
  type ForgedToken,
  type SigningAlgorithm,
  type StandInCluster,
  type StandInClusterOptions,
  type StandInKey,
  type StandInKeys,
  startStandInCluster,
} from "./cluster/index.ts";
export { type AwsManagedPolicy, awsManagedPolicies } from "./iam/index.ts";
export { decisionLine } from "./page/index.ts";
export { type Sandbox, type SandboxOptions, startSandbox } from "./start.ts";
export type { Decision } from "./wire/index.ts";
