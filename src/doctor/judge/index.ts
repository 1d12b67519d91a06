export { type DoctorFinding, type Excluded, type Verdict } from "./finding.ts";
export { type DoctorReport, judgeIssuerFacts, type PartyReport } from "./report.ts";
export { symptomOf } from "./symptom.ts";
export type { Symptom } from "./texts/index.ts";
export {
  type Look,
  type StatusFinding,
  type TokenLook,
  type ApiServerLook,
  type ClusterLook,
  type ChainCertificate,
  type PublishedLook,
  type ProviderLook,
  type PolicyLook,
  type LimitsLook,
  type RoleLook,
  type AccountLook,
  type TokenFileLook,
  type ContainerLook,
  type EventLook,
  type PodLook,
  type TrialLook,
  type EgressRule,
  type EgressPolicy,
  type Selector,
  type ObservedServiceAccount,
  type WorkloadLook,
  type ServingLook,
  type WebhookLook,
  type PendingCertificate,
  type TextLook,
  type ChainFacts,
  lookedAt,
} from "./chain/facts.ts";
export { isForSts } from "./chain/cluster.ts";
export { knownWords } from "./chain/text-rules.ts";
export { judgeChain } from "./stack-report.ts";
