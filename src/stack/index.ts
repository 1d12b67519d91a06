export {
  type AwsPart,
  awsPart,
  type ForwardedCluster,
  type LockedRole,
  type Machine,
  openChallengeRecords,
  openCluster,
  openMachine,
  openbaoPolicy,
  type PartTarget,
  type PublisherRelease,
  accountsOutput,
  dnsRecordIds,
  openPublisherState,
  publisherOnMachine,
  readSigningKeys,
  type ServerSight,
  rollBackPublisher,
  type RoleChange,
  type RolesLocked,
} from "./parts/index.ts";
export {
  type AccessEnding,
  closeParties,
  endWithdrawn,
  lookOutside,
  noteWithdrawal,
  proveClosed,
  reopenParties,
} from "./theft/index.ts";
export { ansibleInventory, ansibleVars } from "./outputs/ansible.ts";
export { openTofuText } from "./outputs/opentofu.ts";
export { type Outputs, outputsOf } from "./outputs/outputs.ts";
export {
  k3sFiles,
  leastAzureRole,
  leastGoogleRoles,
  type ResourceOutputs,
  sshAccess,
} from "./parts/index.ts";
export {
  type AdmissionWait,
  applyBinding,
  bindingsAdmitted,
  type BindingText,
  installedParties,
  maxBindingFile,
  BindingFiles,
  type PartyReaders,
} from "./binding-files/index.ts";
export { settleIssuer, type UnknownName } from "./issuer-name.ts";
export { readSavedPlan, type SavedPlan, savePlan } from "./saved-plan.ts";
export type { Selection } from "./selection.ts";
export type { PlanSpec, ShownPlan, StackPlan } from "./plan.ts";
export { openStack, type Stack, type StackOptions } from "./stack.ts";
export {
  awsFinding,
  behindCluster,
  decisionOf,
  type StatusFacts,
  finding,
  type Finding,
  gatherFacts,
  type GatherOptions,
  type IssuerFacts,
  judgeFacts,
  type LinkReport,
  type PublisherFacts,
  tryLook,
  type LookResult,
  type StatusOptions,
  statusOf,
  type StatusReport,
  type WorkloadFacts,
} from "./status/index.ts";
export {
  type CaseReport,
  testXml,
  type TestOptions,
  type TestReport,
  testStack,
  type CaseVerdict,
} from "./test/index.ts";
export {
  type DemoTarget,
  type DemoRemoval,
  demoObjects,
  type DemoRunEvent,
  type DemoRunInput,
  type DemoRunResult,
  demoServiceAccount,
  type DemoSpec,
  namesOf,
  objectsYaml,
  patchYaml,
  preflightWorkload,
  removeDemoWorkload,
  runDemoWorkload,
  workloadParts,
  workloadPatch,
  type WorkloadTarget,
  workloadTarget,
  workloadYaml,
} from "./workload/index.ts";
export { type ChangeView, changeView, planView, type PlanView, shownIssuer, summaryOf } from "./view.ts";
