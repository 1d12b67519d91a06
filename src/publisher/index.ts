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
export { distrustInSecret, handOverInSecret } from "./shared/distrust-in-secret.ts";
export { maxAge } from "./settings.ts";
export { startPublisher } from "./publisher.ts";
export { metricCatalogue, type MetricId } from "./admin/catalogue.ts";
export { type ActivatedSockets, activatedSockets } from "./manager/activation.ts";
export { type ServiceManager, serviceManager } from "./manager/notify.ts";
export { renewOwnToken } from "./own-token/renew.ts";
export { type PublishOnceOptions, publishOnce } from "./bucket/once.ts";
export type { PublicationOutcome } from "./bucket/publish.ts";
export type { DocumentTarget, DocumentToWrite, StoredDocument } from "./targets/documents.ts";
export { makeStoreKey } from "./shared/store-keys.ts";
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
export { type ServeOptions, servePublisher, type Serving } from "./serve.ts";
export { publisherObjects } from "./manifests/objects.ts";
export { type DeploymentChoice, publisherSpec } from "./manifests/spec-of-config.ts";
export type { Exposure, PublisherSpec } from "./manifests/spec.ts";
export type { KeptFolder } from "./kept/files.ts";
export { type KeptDeps, type PublisherStores, openPublisherStores } from "./kept/stores.ts";
export { type KeptState, readKept } from "./kept/state.ts";
export type { Vouchers } from "./kept/handed-keys.ts";
export { planRestore, type RestorePlan, type RestoreStep } from "./kept/restore.ts";
export { keysOfKept, type KeptKeys, lostBy } from "./kept/compare.ts";
export type { PublishedCluster } from "./source/published-cluster.ts";
