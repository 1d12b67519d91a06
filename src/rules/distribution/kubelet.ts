import { defined, recordOf, textOf } from "../../core/base/index.ts";

/** What a kubelet is told about its static pods and about what runs them. */
export interface KubeletSettings {
  /** The folder whose manifests it runs. */
  readonly staticPods: string;
  /** The unix socket of its container runtime. */
  readonly runtime: string;
  /** Its node's name where it is told one; absent: its machine's. */
  readonly node?: string;
}

// What kubeadm gives every kubelet. Source: https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/kubelet-integration/
const kubeletConfigPath = "/var/lib/kubelet/config.yaml";

// Source of the second: the default of containerRuntimeEndpoint. Of the first: kubeadm's.
const defaults: KubeletSettings = {
  staticPods: "/etc/kubernetes/manifests",
  runtime: "/run/containerd/containerd.sock",
};

/** The last value of a flag that takes one. */
function flagOf(words: readonly string[], name: string): string | undefined {
  const values = words.flatMap((word, at) => {
    if (word === `--${name}`) return [words[at + 1] ?? ""];
    return word.startsWith(`--${name}=`) ? [word.slice(name.length + 3)] : [];
  });
  return values.at(-1);
}

const absolute = (path: string | undefined): string | undefined =>
  path?.startsWith("/") === true ? path : undefined;

const socketOf = (endpoint: string | undefined): string | undefined =>
  absolute(endpoint?.replace(/^unix:\/\//u, ""));

/** Where a kubelet with this command line has its config: the file, and the folder of drop-ins where it has one. */
export function kubeletConfigs(words: readonly string[]): {
  readonly file: string;
  readonly folder?: string;
} {
  const file = absolute(flagOf(words, "config")) ?? kubeletConfigPath;
  return { file, ...defined({ folder: absolute(flagOf(words, "config-dir")) }) };
}

/**
 * The settings of a kubelet by its command line and by what its config files hold, drop-ins after the file. A flag is over a
 * file. Source: https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/
 */
export function kubeletSettings(words: readonly string[], configs: readonly unknown[]): KubeletSettings {
  const inFiles = (key: string): string | undefined =>
    configs.map((config) => textOf(recordOf(config)[key])).findLast((value) => value !== undefined);
  const node = flagOf(words, "hostname-override");
  return {
    staticPods:
      absolute(flagOf(words, "pod-manifest-path")) ??
      absolute(inFiles("staticPodPath")) ??
      defaults.staticPods,
    runtime:
      socketOf(flagOf(words, "container-runtime-endpoint")) ??
      socketOf(inFiles("containerRuntimeEndpoint")) ??
      defaults.runtime,
    ...defined({ node }),
  };
}
