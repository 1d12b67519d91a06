import { PodtrustError, recordOf, textOf } from "../../core/base/index.ts";
import { readYaml, yaml11Text } from "../../core/yaml/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import {
  type ApiServerFlags,
  changeKubeadmConfig,
  type FlagChange,
  kubeadmKeyFlags,
  saysInKubeadmConfig,
  withFormerIssuer,
} from "../../rules/distribution/index.ts";

const ref = { kind: "ConfigMap", namespace: "kube-system", name: "kubeadm-config" } as const;
const place = "ConfigMap kube-system/kubeadm-config";
const key = "ClusterConfiguration";
const bounds = { bytes: 1024 * 1024, depth: 40, tokens: 100_000 };

/** kubeadm's own config, from which `kubeadm upgrade` writes the API server's manifest. */
export interface KubeadmConfig {
  /** Its text; undefined if the cluster is not kubeadm's. */
  read(signal: AbortSignal): Promise<string | undefined>;
  /** Other flags of the API server. Gives why it could not hold them, as a sentence, and writes nothing then. */
  change(change: FlagChange, signal: AbortSignal): Promise<string | undefined>;
  /** The key files of API servers that run with these flags; otherwise as `change`. */
  changeKeys(running: ApiServerFlags, signal: AbortSignal): Promise<string | undefined>;
  /**
   * Gives it the issuer's flags of a text from before: that text byte for byte where nothing else was changed since. Gives as a
   * sentence what keeps it from being that text; undefined where it is.
   */
  giveBack(before: string, signal: AbortSignal): Promise<string | undefined>;
}

/** Opens it by any of the cluster's addresses. */
export function kubeadmConfig(api: KubernetesApi): KubeadmConfig {
  const read = async (signal: AbortSignal): Promise<string | undefined> =>
    textOf(recordOf((await api.read(ref, { signal }))?.["data"])[key]);
  const write = async (text: string, signal: AbortSignal): Promise<void> => {
    const object = await api.read(ref, { signal });
    if (object === undefined) throw new PodtrustError("cluster-not-found", `there is no ${place}`);
    const data = recordOf(object["data"]);
    if (data[key] === text) return;
    await api.replace({ ...object, data: { ...data, [key]: text } }, { signal });
  };
  const change = async (desired: FlagChange, signal: AbortSignal): Promise<string | undefined> => {
    const text = await read(signal);
    if (text === undefined) return undefined;
    const document = readYaml(text, bounds);
    if ("problems" in document) return `${place} ${document.problems[0]?.message ?? "is no YAML"}`;
    if (saysInKubeadmConfig(document.value, desired)) return undefined;
    const changed = changeKubeadmConfig(document.value, desired);
    if ("fault" in changed) return `${place} ${changed.fault}`;
    await write(yaml11Text(changed.value), signal);
    return undefined;
  };
  return {
    read,
    async giveBack(before, signal) {
      const now = await read(signal);
      if (now === undefined || now === before) return undefined;
      const [document, first] = [readYaml(now, bounds), readYaml(before, bounds)];
      if ("problems" in document || "problems" in first) return `${place} is no YAML, and stays`;
      const back = withFormerIssuer(document.value, first.value);
      if ("fault" in back) return `${place} ${back.fault}, and stays`;
      const { config, isWhole } = back.value;
      await write(isWhole ? before : yaml11Text(config), signal);
      return isWhole
        ? undefined
        : `${place} was changed since, as kubeadm upgrade and podtrust rotate do: only the flags of the issuer went back`;
    },
    change,
    changeKeys: (running, signal) => change(kubeadmKeyFlags(running), signal),
  };
}
