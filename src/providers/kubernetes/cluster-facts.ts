import { type JsonRecord, isRecord, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import type { DistributionHints, NodeFacts } from "../../rules/distribution/index.ts";
import type { CallOptions, KubernetesApi } from "./api.ts";
import { discoveryPath } from "./client.ts";

/** What a cluster shows of how it was made, and the issuer of its tokens. */
export interface ClusterReading {
  readonly facts: DistributionHints;
  /** Of its discovery document; undefined where it shows none. */
  readonly issuer: string | undefined;
}

// A few nodes show as much as all of them.
const nodesPath = "/api/v1/nodes?limit=5";
const kubeadmPath = "/api/v1/namespaces/kube-system/configmaps/kubeadm-config";

/** A 200's JSON; undefined for what we may not read, or does not exist. */
async function shown(
  api: KubernetesApi,
  path: string,
  options: CallOptions,
): Promise<JsonRecord | undefined> {
  const { status, body } = await api.get(path, options);
  if (status !== 200) return undefined;
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function nodeOf(item: JsonRecord): NodeFacts {
  const metadata = recordOf(item["metadata"]);
  const info = recordOf(recordOf(item["status"])["nodeInfo"]);
  return {
    kubeletVersion: textOf(info["kubeletVersion"]) ?? "",
    osImage: textOf(info["osImage"]) ?? "",
    providerId: textOf(recordOf(item["spec"])["providerID"]) ?? "",
    labels: Object.keys(recordOf(metadata["labels"])),
  };
}

/**
 * Reads a cluster's version, nodes, kubeadm config and discovery document. What the caller may not read counts as
 * absent. Throws `cluster-unreachable` and `cluster-credentials`.
 */
export async function readCluster(api: KubernetesApi, options: CallOptions = {}): Promise<ClusterReading> {
  const [version, nodes, kubeadm, discovery] = await Promise.all(
    ["/version", nodesPath, kubeadmPath, discoveryPath].map((path) => shown(api, path, options)),
  );
  return {
    facts: {
      gitVersion: textOf(version?.["gitVersion"]) ?? "",
      nodes: recordsOf(nodes?.["items"]).map(nodeOf),
      hasKubeadmConfig: kubeadm !== undefined,
    },
    issuer: textOf(discovery?.["issuer"]),
  };
}
