import { PodtrustError } from "../base/index.ts";
import type { ClusterSource, KubernetesApi } from "./api.ts";

export interface KubernetesOptions {
  /** Milliseconds for each exchange; 10,000 unless told. */
  readonly timeoutMs?: number;
  /** Where KUBERNETES_SERVICE_HOST and exec plugins' variables come from; the process's own unless told. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where the pod's token and ca.crt lie; the kubelet's place unless told. */
  readonly serviceAccountDirectory?: string;
}

/** Opens a cluster's API: reads where it is and how to authenticate, without a request yet. */
export async function openKubernetes(
  source: ClusterSource,
  options: KubernetesOptions = {},
): Promise<KubernetesApi> {
  throw new PodtrustError("internal", `being built ${JSON.stringify([source, options.timeoutMs])}`);
}
