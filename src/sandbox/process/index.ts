export { type AuthorityProcess, type AuthorityProcessOptions, startAuthorityProcess } from "./authority.ts";
export type { Promised } from "./calls.ts";
export {
  type ClusterProcess,
  type ClusterProcessOptions,
  startStandInClusterProcess,
} from "./cluster-process.ts";
export { type SandboxProcess, type SandboxProcessOptions, startSandboxProcess } from "./sandbox.ts";
