export type { IssuerFacts, StatusFacts, PublisherFacts, LookResult, WorkloadFacts } from "./facts.ts";
export { gatherFacts, type GatherOptions, tryLook } from "./gather/index.ts";
export { finding, type Finding, type LinkReport, type StatusReport } from "./finding.ts";
export { awsFinding, behindCluster, decisionOf, judgeFacts } from "./judge/index.ts";
export { type StatusOptions, statusOf } from "./status.ts";
