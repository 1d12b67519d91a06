export {
  awsManagedPolicies,
  clientEnvironment,
  clientExports,
  decisionLine,
  type Sandbox,
  type SandboxOptions,
  startSandbox,
} from "./aws/index.ts";
export { type StandInCa, startAuthority } from "./ca/index.ts";
export { type StandInCluster, startStandInCluster } from "./cluster/index.ts";
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
