import { type JsonRecord, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import { type ApiServerFlags, changeFlags, type FlagChange, parseFlags } from "./api-server-flags.ts";

/** A file's new value, or why it cannot be changed, as the end of a sentence that begins with the file. */
export type ChangedValue<T> = { readonly value: T } | { readonly fault: string };

const textsOf = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) && value.every((word) => typeof word === "string") ? value : undefined;

const isFlag = (word: string): boolean => word.startsWith("--");

/** The list of words of a static pod's manifest in which its kube-apiserver has its flags. */
interface FlagWords {
  readonly spec: JsonRecord;
  readonly containers: readonly JsonRecord[];
  readonly index: number;
  readonly place: "args" | "command";
  readonly words: readonly string[];
}

function wordsOf(manifest: unknown): FlagWords | { readonly fault: string } {
  const spec = recordOf(recordOf(manifest)["spec"]);
  const containers = recordsOf(spec["containers"]);
  const index = containers.findIndex(({ name }) => name === "kube-apiserver");
  const container = containers[index];
  if (container === undefined) return { fault: "has no container kube-apiserver" };
  // kubeadm writes one list, command; others keep the flags in args.
  for (const place of ["args", "command"] as const) {
    const words = textsOf(container[place]);
    if (words?.some(isFlag) === true) return { spec, containers, index, place, words };
  }
  return { fault: "gives its kube-apiserver no flags as a list of words" };
}

/**
 * The manifest of a static pod with other flags of kube-apiserver. Everything else is kept: a manifest of kubeadm
 * differs from cluster to cluster, so flags are found by name.
 */
export function changeManifest(manifest: unknown, change: FlagChange): ChangedValue<JsonRecord> {
  const found = wordsOf(manifest);
  if ("fault" in found) return found;
  const { spec, containers, index, place, words } = found;
  const changed = { ...containers[index], [place]: changeFlags(words, change) };
  return {
    value: { ...recordOf(manifest), spec: { ...spec, containers: containers.with(index, changed) } },
  };
}

/** The flags of kube-apiserver in the manifest of a static pod. */
export function manifestFlags(manifest: unknown): ChangedValue<ApiServerFlags> {
  const found = wordsOf(manifest);
  return "fault" in found ? found : { value: parseFlags(found.words) };
}

const apiServerPort = 6443;

/** A container of a static pod's manifest; empty where it has none of that name. */
function containerOf(manifest: unknown, container: string): JsonRecord {
  const containers = recordsOf(recordOf(recordOf(manifest)["spec"])["containers"]);
  return recordOf(containers.find(({ name }) => name === container));
}

/** Every word of a container's command in a static pod's manifest; none where it has no such container. */
export function podWords(manifest: unknown, container: string): readonly string[] {
  const { command, args } = containerOf(manifest, container);
  return [command, args].flatMap((words) => textsOf(words) ?? []);
}

/** Where a container of a static pod's manifest sees folders of its machine. */
export function podMounts(manifest: unknown, container: string): readonly string[] {
  const mounts = recordsOf(containerOf(manifest, container)["volumeMounts"]);
  return mounts.flatMap(({ mountPath }) => textOf(mountPath) ?? []);
}

/** The name of a static pod, to which its kubelet adds that of the node. */
export function podName(manifest: unknown): string {
  return textOf(recordOf(recordOf(manifest)["metadata"])["name"]) ?? "kube-apiserver";
}

/** The port of the API server of a static pod's manifest: its `--secure-port`, 6443 by default. */
export function podPort(manifest: unknown): number {
  const words = podWords(manifest, "kube-apiserver");
  const said = words.findLast((word) => word.startsWith("--secure-port="))?.split("=")[1];
  const port = Number(said ?? apiServerPort);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : apiServerPort;
}

/** A server's files compared with the copies kept from before the first change. */
export interface KeptFacts {
  /** One of them was changed since, not by podtrust. */
  readonly isEdited: boolean;
  /** Key IDs that came since: they verify, or one of them signs. */
  readonly keysSince: readonly string[];
  /** Key IDs that went since. */
  readonly keysGone: readonly string[];
  /** `--service-account-jwks-uri` of before, empty where it was not set; absent where the copies do not say it. */
  readonly jwksUri?: string;
}

/** The keys of a server's files by their IDs. */
export interface FileKeys {
  readonly verify: readonly string[];
  readonly signing: string;
}

/** What came and went between the keys of before and those of now. One that signs now and did not then came since. */
export function keysBetween(before: FileKeys, now: FileKeys): Pick<KeptFacts, "keysSince" | "keysGone"> {
  const since = now.verify.filter((kid) => !before.verify.includes(kid));
  const signer = now.signing === before.signing ? [] : [now.signing];
  return {
    keysSince: [...new Set([...since, ...signer])],
    keysGone: before.verify.filter((kid) => !now.verify.includes(kid)),
  };
}

/**
 * A line by which k3s says with what it starts its API server, for `grep -E`: anchored at its start, where no tenant writes. Others
 * write into the same log: a kubelet quotes commands of pods, a TLS server what a client offers. Source: pkg/daemons/executor.
 */
export const startLinePattern = '^time="[^"]*" level=info msg="Running kube-apiserver ';

/** The words of such a line; undefined for any other. Those with special characters are quoted, and the log quotes them once more. */
export function startLineWords(line: string): readonly string[] | undefined {
  const head = new RegExp(startLinePattern, "u").exec(line);
  if (head === null || !line.endsWith('"')) return undefined;
  const said = line.slice(head[0].length, -1).replaceAll('\\"', '"');
  const words = said.match(/(?:"[^"]*"|[^\s"])+/gu) ?? [];
  return words.map((word) => word.replaceAll('"', ""));
}
