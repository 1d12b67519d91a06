import {
  errorText,
  isoSeconds,
  type JsonRecord,
  PodtrustError,
  recordOf,
  textOf,
} from "../../core/base/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { readPods } from "../tokens/index.ts";

// The labels that the chart and `manifests` give the pods of both.
const publisherName = "podtrust-publisher";
const ownNames = new Set(["podtrust-operator", publisherName]);
// A cluster has at most 150,000 pods (https://kubernetes.io/docs/setup/best-practices/cluster-large/).
const maxObjects = 150_000;

/** A pod of podtrust's own, by what an eviction needs. */
interface OwnPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

const labelOf = (metadata: JsonRecord): string =>
  textOf(recordOf(metadata["labels"])["app.kubernetes.io/name"]) ?? "";

function ownPod(pod: JsonRecord): OwnPod | undefined {
  const metadata = recordOf(pod["metadata"]);
  if (!ownNames.has(labelOf(metadata))) return undefined;
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

// Any tenant's pod may have the label: the list has an end.
const maxNamed = 10;

/**
 * Pods of publishers that were made before a key had ended on every server (`endedAt`, milliseconds since the epoch): whoever was an
 * administrator until then may have changed what they run. As sentences for a person, and they stop nothing, since any pod may have their
 * label. Throws `cluster-*` where pods cannot be listed.
 */
export async function publishersFromBefore(
  cluster: Pick<KubernetesApi, "follow" | "server">,
  endedAt: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const fromBefore = (pod: JsonRecord): string | undefined => {
    const metadata = recordOf(pod["metadata"]);
    const made = Date.parse(textOf(metadata["creationTimestamp"]) ?? "");
    if (labelOf(metadata) !== publisherName || made > endedAt) return undefined;
    const [namespace, name] = [textOf(metadata["namespace"]) ?? "", textOf(metadata["name"]) ?? ""];
    return `${namespace}/${name} is a publisher from before the key had ended (${isoSeconds(endedAt)}): kubectl delete pod -n ${namespace} ${name}`;
  };
  const { kept } = await readPods(cluster, fromBefore, { signal, maxObjects });
  const more = kept.length - maxNamed;
  return [
    ...kept.slice(0, maxNamed),
    ...(more > 0 ? [`and ${more} more pods with a publisher's label`] : []),
  ];
}
