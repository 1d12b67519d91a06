export {
  type CallOptions,
  type ClusterFailureReason,
  type ClusterOidcDocuments,
  type ClusterSource,
  type ClusterSubject,
  type KubernetesAnswer,
  type KubernetesApi,
  type MintedToken,
  type TokenOptions,
} from "./api.ts";
export { defaultKubeconfig } from "./kubeconfig.ts";
export { type KubernetesOptions, openKubernetes } from "./open.ts";
export { type PublisherRbac, publisherRbac, publisherRbacList } from "./publisher-rbac.ts";
