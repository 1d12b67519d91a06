export {
  type AwsOptions,
  awsManagedPolicies,
  clientEnvironment,
  clientExports,
  type ClientOptions,
  type Decision,
  type DecisionFilter,
  decisionLine,
  type IssuerCache,
  type Seed,
  type SeedParameter,
  type SeedProvider,
  type SeedRole,
} from "./aws/index.ts";
export { type CaFault, type StandInCa, type StandInCaOptions, startAuthority } from "./ca/index.ts";
export {
  type ClusterFault,
  type ForgedToken,
  type IssuerFault,
  type StandInCluster,
  type StandInClusterOptions,
  type StandInIssuer,
  type StandInKey,
  type StandInKeys,
  startStandInCluster,
  type TokenSpec,
} from "./cluster/index.ts";
export {
  type AccountConnection,
  type ConnectedClock,
  type ConnectedGoogle,
  type ConnectedIssuer,
  type ConnectionOptions,
  connectSandbox,
  type SandboxConnection,
} from "./control/index.ts";
export {
  cloudVariants,
  type StandInClouds,
  type StandInCloudsOptions,
  startStandInClouds,
} from "./clouds/index.ts";
export type {
  AzureClient,
  AzureCloud,
  AzureDecision,
  AzureOptions,
  AzureSeed,
  SeedCredential,
  StandInAzure,
} from "./azure/index.ts";
export type { Front } from "./front/index.ts";
export type {
  CredentialFile,
  GoogleDecision,
  GoogleDelays,
  GoogleSeed,
  GoogleUnknowns,
  SandboxGoogleOptions,
  SeedBindings,
  SeedGoogleProvider,
  StandInGoogle,
} from "./gcp/index.ts";
export type { SandboxClock } from "./clock/index.ts";
export {
  type StandInCloudflare,
  type StandInCloudflareOptions,
  startStandInCloudflare,
} from "./cloudflare/index.ts";
export {
  type MachineMaker,
  type MachineOrder,
  type StandInMachine,
  type StandInHetzner,
  type StandInHetznerOptions,
  startStandInHetzner,
} from "./hetzner/index.ts";
export type { SandboxAccount } from "./account.ts";
export type { SandboxIssuer } from "./issuers.ts";
export {
  SandboxConnectionError,
  SandboxError,
  type SandboxErrorCode,
  SandboxMachineError,
  SandboxUsageError,
} from "./errors/index.ts";
export { type Sandbox, type SandboxOptions, startSandbox } from "./start.ts";
export {
  type AuthorityProcess,
  type AuthorityProcessOptions,
  startAuthorityProcess,
} from "./process/authority.ts";
export {
  type ClusterProcess,
  type ClusterProcessOptions,
  startStandInClusterProcess,
} from "./process/cluster-process.ts";
export type { Promised } from "./process/calls.ts";
export { type SandboxProcess, type SandboxProcessOptions, startSandboxProcess } from "./process/sandbox.ts";
