export {
  type ApplyOptions,
  type CallOptions,
  type ClusterFailureReason,
  type ClusterOidcDocuments,
  type ClusterSubject,
  type Eviction,
  type FollowOptions,
  type KubernetesAnswer,
  type KubernetesApi,
  type MintedToken,
  type PodLog,
  type PodLogOptions,
  type TokenOptions,
  type TokenVerdict,
  type WriteOptions,
} from "./api.ts";
export { type ClusterReading, readCluster } from "./cluster-facts.ts";
export {
  defaultKubeconfig,
  type KubeconfigContexts,
  kubeconfigContexts,
  kubeconfigServer,
} from "./kubeconfig.ts";
export {
  type KubernetesObject,
  type ObjectKind,
  type ObjectMetadata,
  type ObjectQuery,
  type ObjectRef,
  objectText,
  refOf,
} from "./object.ts";
export { EventRecorder, type NewEvent, type RecorderOptions, type Regarding } from "./event-recorder.ts";
export { acquireLease, type AcquiredLease, type LeaseOptions, type LeaseObservation } from "./lease.ts";
export { mergeKubeconfig } from "./merge-kubeconfig.ts";
export type { ClientCertificate } from "./identity.ts";
export { clusterAuthority, type KubernetesOptions, openKubernetes } from "./open.ts";
export { SharedSecret, type SharedState } from "./shared-secret.ts";
export { exposureOf, type SentCredential } from "./sent-credential.ts";
export {
  type PublisherRbac,
  publisherRbac,
  publisherRbacList,
  publisherRbacObjects,
} from "./publisher-rbac.ts";
export { type RoleMetadata, roleObjects } from "./role-objects.ts";
export {
  accountMetadata,
  accountSettings,
  containerSettings,
  exchanging,
  httpProbe,
  lockedContainer,
  podMetadata,
  type PodSelector,
  replicaDeployment,
  replicaGuards,
  replicaPod,
  settingsArgs,
  withLabels,
} from "./replicas.ts";
export {
  storeKeyFolder,
  storeKeyMount,
  storeKeyName,
  storeKeyObjects,
  storeKeySecret,
  storeKeyVolume,
} from "./store-key.ts";
export { isProven, keysOfStore, proofEntryOf, proofOf, storeKeyEntries, storeKeyIn } from "./store-proof.ts";
export type { PodSettings } from "../../config/index.ts";
export { metadataListAccept, Mirror, type MirrorOptions, type MirrorStatus } from "./watch/mirror.ts";
export { checkedName, checkedNamespace, operatorKeysSecret } from "./names.ts";
