import { errorText, type JsonRecord, PodtrustError, recordOf, textOf } from "../../core/base/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { readPods } from "../tokens/index.ts";

// The labels that the chart and `manifests` give the pods of both.
const ownNames = new Set(["podtrust-operator", "podtrust-publisher"]);
// A cluster has at most 150,000 pods (https://kubernetes.io/docs/setup/best-practices/cluster-large/).
const maxObjects = 150_000;

/** A pod of podtrust's own, by what an eviction needs. */
interface OwnPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

function ownPod(pod: JsonRecord): OwnPod | undefined {
  const metadata = recordOf(pod["metadata"]);
  const label = textOf(recordOf(metadata["labels"])["app.kubernetes.io/name"]) ?? "";
  if (!ownNames.has(label)) return undefined;
  const [namespace = "", name = "", uid = ""] = ["namespace", "name", "uid"].map((key) =>
    textOf(metadata[key]),
  );
  return { namespace, name, uid };
}

/** What became of one. */
async function renewed(cluster: Pick<KubernetesApi, "evict">, pod: OwnPod, signal: AbortSignal) {
  const name = `${pod.namespace}/${pod.name}`;
  const byHand = `until a person deletes it, it has a token that no API server takes: kubectl delete pod -n ${pod.namespace} ${pod.name}`;
  try {
    const outcome = await cluster.evict(pod, { signal });
    return outcome === "budget"
      ? `${name} is kept by its disruption budget: ${byHand}`
      : `${name} is made anew.`;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof PodtrustError)) throw error;
    return `${name} could not be evicted (${errorText(error)}): ${byHand}`;
  }
}

/**
 * Evicts the pods of operator and publisher, whose tokens ended with the key: what takes their place has new ones at once, and no kubelet
 * is waited for. Gives what became of each, as sentences. Throws `cluster-*` where pods cannot be listed.
 */
export async function renewOwnPods(
  cluster: Pick<KubernetesApi, "evict" | "follow" | "server">,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { kept } = await readPods(cluster, ownPod, { signal, maxObjects });
  const said: string[] = [];
  for (const pod of kept) said.push(await renewed(cluster, pod, signal));
  return said;
}
