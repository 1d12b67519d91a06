import { defined, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { type ApiServerFlags, parseFlags } from "../../rules/distribution/index.ts";

/** An API server as the cluster says it. */
export interface MirroredServer {
  readonly node: string;
  readonly flags: ApiServerFlags;
  /** Milliseconds since the epoch. */
  readonly startedAt?: number;
}

/**
 * API servers by what their kubelets mirror into kube-system: said by the cluster, for a cluster whose machines are not reached.
 * Whoever may write a pod there may say anything, so it is shown and decides no write. Empty where there are none, as on k3s.
 */
export async function saidByCluster(
  api: KubernetesApi,
  signal: AbortSignal,
): Promise<readonly MirroredServer[]> {
  const query = { kind: "Pod", namespace: "kube-system", labels: "component=kube-apiserver" } as const;
  const pods = await api.list(query, { signal });
  return pods.flatMap(({ metadata, ...pod }) => {
    if (metadata.annotations?.["kubernetes.io/config.mirror"] === undefined) return [];
    const spec = recordOf(pod["spec"]);
    const container = recordsOf(spec["containers"]).find(({ name }) => name === "kube-apiserver") ?? {};
    const words = [container["command"], container["args"]].flatMap((list) =>
      Array.isArray(list) ? list.map(String) : [],
    );
    const [status = {}] = recordsOf(recordOf(pod["status"])["containerStatuses"]);
    const at = Date.parse(textOf(recordOf(recordOf(status["state"])["running"])["startedAt"]) ?? "");
    const startedAt = Number.isNaN(at) ? undefined : at;
    return [{ node: textOf(spec["nodeName"]) ?? "", flags: parseFlags(words), ...defined({ startedAt }) }];
  });
}
