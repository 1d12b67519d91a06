export {
  awsManagedPolicies,
  clientEnvironment,
  clientExports,
  type Decision,
  type DecisionFilter,
  decisionLine,
  type MovableClock,
  type Seed,
  type SeedParameter,
  type SeedProvider,
  type SeedRole,
} from "./aws/index.ts";
export { type StandInCa, startAuthority } from "./ca/index.ts";
export {
  type IssuerFault,
  type StandInCluster,
  type StandInClusterOptions,
  type StandInIssuer,
  startStandInCluster,
  type TokenWish,
} from "./cluster/index.ts";
export { connectSandbox, type ConnectedIssuer, type SandboxConnection } from "./control/index.ts";
export {
  cloudVariants,
  type StandInClouds,
  type StandInCloudsOptions,
  startStandInClouds,
} from "./clouds/index.ts";
export {
  type StandInCloudflare,
  type StandInCloudflareOptions,
  startStandInCloudflare,
} from "./cloudflare/index.ts";
export {
  type MachineMaker,
  type MachineOrder,
  type ServerMachine,
  type StandInHetzner,
  type StandInHetznerOptions,
  startStandInHetzner,
} from "./hetzner/index.ts";
export { type Sandbox, type SandboxIssuer, type SandboxOptions, startSandbox } from "./start.ts";
