export {
  awsManagedPolicies,
  clientEnvironment,
  clientExports,
  decisionLine,
  type Sandbox,
  type SandboxOptions,
  startSandbox,
} from "./aws/index.ts";
export { type StandInCa, startStandInCa } from "./ca/index.ts";
export { type StandInCluster, startStandInCluster } from "./cluster/index.ts";
