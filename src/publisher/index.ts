export type {
  BoundAddress,
  CertificateProgress,
  CertificateProvider,
  ChallengeAnswers,
  DistrustOptions,
  DistrustOutcome,
  ListenAddress,
  Publisher,
  PublisherAddresses,
  PublisherListen,
  PublisherOptions,
  IssuerOptions,
  PublisherStatus,
  BackupStatus,
  RestoreOutcome,
} from "./contract.ts";
export type {
  Blind,
  CertificateAccount,
  IssuerCertificateStatus,
  Failing,
  KeyState,
  KeyStatus,
  PublicationStatus,
  PublicationRefusal,
  RefusalReason,
  IssuerStatus,
} from "./status.ts";
export type { ServingLimits } from "./serving-limits.ts";
export { handedKey } from "./source/handed-key.ts";
export { distrustKey, publisherStatus, restoreKey } from "./control/client.ts";
export { distrustInSecret, handOverInSecret } from "./replicas/distrust-in-secret.ts";
export { maxAge } from "./settings.ts";
export { startPublisher } from "./publisher.ts";
export { metricCatalogue, type MetricId } from "./admin/catalogue.ts";
export { renewTokenFile } from "./token-file/renew.ts";
export { type PublishOnceOptions, publishOnce } from "./bucket/once.ts";
export type { PublicationOutcome } from "./bucket/publish.ts";
export type { DocumentTarget, DocumentToWrite, StoredDocument } from "./targets/documents.ts";
export { makeStoreKey } from "./replicas/store-keys.ts";
export { openUploads } from "./uploads/relying-parties.ts";
export { checkKept, keeperPods } from "./uploads/keeper-config.ts";
export { KeyKeeper } from "./uploads/keeper.ts";
export {
  distrustInKeeper,
  type KeysOfKeeper,
  keptByOperator,
  refuseSignerOf,
  restoreInKeeper,
} from "./uploads/kept-keys.ts";
export { type UploadedOnce, uploadOnce, uploadWhole } from "./uploads/once.ts";
export { publisherObjects } from "./manifests/objects.ts";
export { type DeploymentChoice, publisherSpec } from "./manifests/spec-of-config.ts";
export type { Exposure, PublisherSpec } from "./manifests/spec.ts";
export type { StateFolderFiles } from "./state/files.ts";
export { type StoreDeps, type PublisherStores, openPublisherStores } from "./state/stores.ts";
export { type StoredState, readStoredState } from "./state/state.ts";
export type { Vouchers } from "./state/handed-keys.ts";
export { planRestore, type RestorePlan, type RestoreStep } from "./state/restore.ts";
export { keysOfState, type StateKeys, lostBy } from "./state/compare.ts";
export type { PublishedCluster } from "./source/published-cluster.ts";
