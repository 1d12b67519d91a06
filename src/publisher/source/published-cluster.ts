import type { KubernetesApi } from "../../providers/kubernetes/index.ts";

/** The part of a cluster that is published. */
export type PublishedCluster = Pick<KubernetesApi, "server" | "oidcDocuments"> &
  Partial<Pick<KubernetesApi, "sentCredential" | "requestToken">>;
