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
export type { AccessEnding } from "./theft/access-ending.ts";
export { closeParties, noteWithdrawal, reopenParties } from "./theft/closing.ts";
export { endWithdrawn } from "./theft/withdrawn.ts";
export { lookOutside } from "./theft/look-outside.ts";
export { proveClosed } from "./theft/closed-proof.ts";
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
export { awsFinding, behindCluster, decisionOf, judgeFacts } from "./status/judge/index.ts";
export type { StatusFacts, IssuerFacts, PublisherFacts, LookResult, WorkloadFacts } from "./status/facts.ts";
export { finding, type Finding, type LinkReport, type StatusReport } from "./status/finding.ts";
export { gatherFacts, type GatherOptions, tryLook } from "./status/gather/index.ts";
export { type StatusOptions, statusOf } from "./status/status.ts";
export type { CaseReport, TestReport, CaseVerdict } from "./test/case.ts";
export { testXml } from "./test/junit.ts";
export { type TestOptions, testStack } from "./test/stack-test.ts";
export {
  type DemoTarget,
  type DemoRemoval,
  type DemoRunEvent,
  type DemoRunInput,
  type DemoRunResult,
  removeDemoWorkload,
  runDemoWorkload,
} from "./workload/demo-run.ts";
export { demoObjects, demoServiceAccount, type DemoSpec } from "./workload/demo-job.ts";
export { namesOf, type WorkloadTarget, workloadTarget } from "./workload/target.ts";
export { objectsYaml, patchYaml, workloadParts, workloadYaml } from "./workload/render.ts";
export { preflightWorkload } from "./workload/preflight.ts";
export { workloadPatch } from "./workload/patch.ts";
export { type ChangeView, changeView, planView, type PlanView, shownIssuer, summaryOf } from "./view.ts";
