import { PodtrustError, recordOf, textOf } from "../../core/base/index.ts";
import { readYaml, yaml11Text } from "../../core/yaml/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import { changeKubeadmConfig, type FlagChange } from "../../rules/distribution/index.ts";

const ref = { kind: "ConfigMap", namespace: "kube-system", name: "kubeadm-config" } as const;
const place = "ConfigMap kube-system/kubeadm-config";
const key = "ClusterConfiguration";
const bounds = { bytes: 1024 * 1024, depth: 40, tokens: 100_000 };

/** kubeadm's own config, from which `kubeadm upgrade` writes the API server's manifest. */
export interface KubeadmConfig {
  /** The text that stands there; undefined where the cluster is none of kubeadm's. */
  read(signal: AbortSignal): Promise<string | undefined>;
  /** Other flags of the API server. Gives why it could not hold them, as a sentence, and writes nothing then. */
  change(change: FlagChange, signal: AbortSignal): Promise<string | undefined>;
  /** Puts a text back, byte for byte. */
  restore(text: string, signal: AbortSignal): Promise<void>;
}

/** Opens it by any of the cluster's addresses. */
export function kubeadmConfig(api: KubernetesApi): KubeadmConfig {
  const read = async (signal: AbortSignal): Promise<string | undefined> =>
    textOf(recordOf((await api.read(ref, { signal }))?.["data"])[key]);
  const restore = async (text: string, signal: AbortSignal): Promise<void> => {
    const object = await api.read(ref, { signal });
    if (object === undefined) throw new PodtrustError("cluster-not-found", `there is no ${place}`);
    const data = recordOf(object["data"]);
    if (data[key] === text) return;
    await api.replace({ ...object, data: { ...data, [key]: text } }, { signal });
  };
  return {
    read,
    restore,
    async change(change, signal) {
      const text = await read(signal);
      if (text === undefined) return undefined;
      const document = readYaml(text, bounds);
      if ("problems" in document) return `${place} ${document.problems[0]?.message ?? "is no YAML"}`;
      const changed = changeKubeadmConfig(document.value, change);
      if ("fault" in changed) return `${place} ${changed.fault}`;
      await restore(yaml11Text(changed.value), signal);
      return undefined;
    },
  };
}
