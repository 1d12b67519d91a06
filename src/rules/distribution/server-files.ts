import { isRecord, type JsonRecord, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import { changedFlags, changeFlags, type FlagChange } from "./api-server-flags.ts";

/** A file's new value, or why it cannot be changed, as the end of a sentence that begins with the file. */
export type Changed<T> = { readonly value: T } | { readonly fault: string };

const textsOf = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) && value.every((word) => typeof word === "string") ? value : undefined;

/**
 * The manifest of a static pod with other flags of kube-apiserver. Everything else stays: a manifest of kubeadm differs from
 * cluster to cluster, so flags are found by name.
 */
export function changeManifest(manifest: unknown, change: FlagChange): Changed<JsonRecord> {
  const spec = recordOf(recordOf(manifest)["spec"]);
  const containers = recordsOf(spec["containers"]);
  const index = containers.findIndex(({ name }) => name === "kube-apiserver");
  const container = containers[index];
  if (!isRecord(manifest) || container === undefined) return { fault: "has no container kube-apiserver" };
  // kubeadm writes one list, command; others keep the flags in args.
  const [found] = ["args", "command"].flatMap((place) => {
    const words = textsOf(container[place]);
    return words?.some(isFlag) === true ? [{ place, words }] : [];
  });
  if (found === undefined) return { fault: "gives its kube-apiserver no flags as a list of words" };
  const changed = { ...container, [found.place]: changeFlags(found.words, change) };
  return { value: { ...manifest, spec: { ...spec, containers: containers.with(index, changed) } } };
}

const isFlag = (word: string): boolean => word.startsWith("--");

/**
 * kubeadm's ClusterConfiguration (the ConfigMap kube-system/kubeadm-config) with other arguments of the API server, which
 * `kubeadm upgrade` writes into the manifest again.
 */
export function changeKubeadmConfig(config: unknown, change: FlagChange): Changed<JsonRecord> {
  if (!isRecord(config) || config["kind"] !== "ClusterConfiguration")
    return { fault: "is no ClusterConfiguration" };
  const apiServer = recordOf(config["apiServer"]);
  const wanted = changedFlags(change);
  const { extraArgs } = apiServer;
  const put = (args: unknown): Changed<JsonRecord> => ({
    value: { ...config, apiServer: { ...apiServer, extraArgs: args } },
  });
  const flags = [...wanted].flatMap(([name, values]) => values.map((value) => ({ name, value })));
  if (config["apiVersion"] !== "kubeadm.k8s.io/v1beta3") {
    const kept = recordsOf(extraArgs).filter((one) => !wanted.has(textOf(one["name"]) ?? ""));
    return put([...kept, ...flags]);
  }
  // A map holds one value for each name.
  const twice = [...wanted].find(([, values]) => values.length > 1);
  if (twice !== undefined)
    return {
      fault: `is of v1beta3, which holds one --${twice[0]} alone: kubeadm upgrade would lose the rest`,
    };
  return put({
    ...recordOf(extraArgs),
    ...Object.fromEntries(flags.map(({ name, value }) => [name, value])),
  });
}

/** A YAML file of k3s or RKE2: its place and what it says. */
export interface ServerConfigFile {
  readonly path: string;
  readonly value: JsonRecord;
}

const argument = /^kube-apiserver-arg\+?$/u;
const ownArgument = "kube-apiserver-arg+";

function argumentsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return textsOf(value) ?? [];
}

function nameOf(entry: string): string {
  const at = entry.indexOf("=");
  const name = at === -1 ? entry : entry.slice(0, at);
  return name.replace(/^--/u, "").replaceAll("_", "-");
}

/**
 * The config files of k3s or RKE2, in the order in which they are read, with other flags of the API server. The changed flags stand
 * in `own`, which adds to the others (`kube-apiserver-arg+`), and in no other file. Gives those files alone that change.
 * Source: https://docs.k3s.io/installation/configuration#multiple-config-files
 */
export function changeServerConfig(
  files: readonly ServerConfigFile[],
  own: string,
  change: FlagChange,
): readonly ServerConfigFile[] {
  const wanted = changedFlags(change);
  const without = (value: unknown): readonly string[] =>
    argumentsOf(value).filter((entry) => !wanted.has(nameOf(entry)));
  const others = files.flatMap(({ path, value }) => {
    const keys = Object.keys(value).filter((key) => argument.test(key));
    const isTouched = keys.some((key) => without(value[key]).length < argumentsOf(value[key]).length);
    if (path === own || !isTouched) return [];
    const changed = keys.map((key) => [key, without(value[key])] as const);
    return [{ path, value: { ...value, ...Object.fromEntries(changed) } }];
  });
  const before = files.find(({ path }) => path === own)?.value ?? {};
  const kept = Object.entries(before).flatMap(([key, value]) => (argument.test(key) ? without(value) : []));
  const rest = Object.entries(before).filter(([key]) => !argument.test(key));
  const flags = [...wanted].flatMap(([name, values]) => values.map((value) => `${name}=${value}`));
  return [
    ...others,
    { path: own, value: { ...Object.fromEntries(rest), [ownArgument]: [...kept, ...flags] } },
  ];
}

/** Words of a line as k3s logs it: those with special characters are quoted, and the log quotes them once more. */
export function loggedWords(line: string): readonly string[] {
  const [, logged] = line.split(/Running kube-(?:apiserver|controller-manager) /u);
  // In k3s's log the line is the value of `msg`, in quotes.
  const said = logged === undefined ? line : logged.replace(/"$/u, "").replaceAll('\\"', '"');
  const words = said.match(/(?:"[^"]*"|[^\s"])+/gu) ?? [];
  return words.map((word) => word.replaceAll('"', ""));
}
