import { isRecord, type JsonRecord, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import {
  type ApiServerFlags,
  changedFlags,
  type FlagChange,
  flagDifference,
  issuerFlagsOf,
  parseFlags,
} from "./api-server-flags.ts";
import type { ChangedValue } from "./server-files.ts";

const notOurs = { fault: "is no ClusterConfiguration" } as const;

const isConfig = (config: unknown): config is JsonRecord =>
  isRecord(config) && config["kind"] === "ClusterConfiguration";

// https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta3/
const holdsMap = (config: JsonRecord): boolean => config["apiVersion"] === "kubeadm.k8s.io/v1beta3";

/**
 * kubeadm's ClusterConfiguration (the ConfigMap kube-system/kubeadm-config) with other arguments of the API server, which
 * `kubeadm upgrade` writes into the manifest again.
 */
export function changeKubeadmConfig(config: unknown, change: FlagChange): ChangedValue<JsonRecord> {
  if (!isConfig(config)) return notOurs;
  const apiServer = recordOf(config["apiServer"]);
  const desired = changedFlags(change);
  const { extraArgs } = apiServer;
  const put = (args: unknown): ChangedValue<JsonRecord> => ({
    value: { ...config, apiServer: { ...apiServer, extraArgs: args } },
  });
  const flags = [...desired].flatMap(([name, values]) => values.map((value) => ({ name, value })));
  if (!holdsMap(config)) {
    const kept = recordsOf(extraArgs).filter((one) => !desired.has(textOf(one["name"]) ?? ""));
    return put([...kept, ...flags]);
  }
  // A map holds one value for each name.
  const twice = [...desired].find(([, values]) => values.length > 1);
  if (twice !== undefined)
    return {
      fault: `is of v1beta3, which holds one --${twice[0]} alone: kubeadm upgrade would lose the rest`,
    };
  const kept = Object.entries(recordOf(extraArgs)).filter(([name]) => !desired.has(name));
  return put(Object.fromEntries([...kept, ...flags.map(({ name, value }) => [name, value] as const)]));
}

/** The arguments of the API server by name, in whichever of its forms a ClusterConfiguration has them. */
function argumentsOf(config: JsonRecord): ReadonlyMap<string, readonly string[]> {
  const { extraArgs } = recordOf(config["apiServer"]);
  const pairs = holdsMap(config)
    ? Object.entries(recordOf(extraArgs)).map(([name, value]) => [name, textOf(value) ?? ""] as const)
    : recordsOf(extraArgs).map(({ name, value }) => [textOf(name) ?? "", textOf(value) ?? ""] as const);
  const byName = Map.groupBy(pairs, ([name]) => name);
  return new Map([...byName].map(([name, all]) => [name, all.map(([, value]) => value)]));
}

/** The flags that a ClusterConfiguration gives the API server. */
function flagsOf(config: JsonRecord): ApiServerFlags {
  const words = [...argumentsOf(config)].flatMap(([name, values]) =>
    values.map((value) => `--${name}=${value}`),
  );
  return parseFlags(words);
}

/** Whether a ClusterConfiguration contains all of a change. */
export function saysInKubeadmConfig(config: unknown, change: FlagChange): boolean {
  return isConfig(config) && flagDifference(flagsOf(config), change) === undefined;
}

// https://kubernetes.io/docs/setup/best-practices/certificates/#certificate-paths
const [ownVerifier, ownSigner] = ["/etc/kubernetes/pki/sa.pub", "/etc/kubernetes/pki/sa.key"];

/**
 * The key files with which an API server runs, as a ClusterConfiguration names them: it never names those that kubeadm
 * writes anyway.
 */
export function kubeadmKeyFlags({ keyFiles, signingKeyFile = "" }: ApiServerFlags): FlagChange {
  const isOwn = keyFiles.length === 1 && keyFiles[0] === ownVerifier;
  return {
    keyFiles: isOwn ? [] : keyFiles,
    signingKeyFile: signingKeyFile === ownSigner ? "" : signingKeyFile,
  };
}

/** JSON in which the members of each object are in the order of their names. */
function orderedText(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    isRecord(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

/** Everything but how the arguments of the API server are ordered and written. */
function meaningOf(config: JsonRecord): string {
  const apiServer = { ...recordOf(config["apiServer"]), extraArgs: undefined };
  return orderedText([{ ...config, apiServer }, Object.fromEntries(argumentsOf(config))]);
}

/**
 * A ClusterConfiguration that has the issuer of `before` again. `isWhole`: it then equals `before`, however it is
 * written, so that nothing else was changed since.
 */
export function withFormerIssuer(
  config: unknown,
  before: unknown,
): ChangedValue<{ readonly config: JsonRecord; readonly isWhole: boolean }> {
  if (!isConfig(before)) return notOurs;
  const changed = changeKubeadmConfig(config, issuerFlagsOf(flagsOf(before)));
  if ("fault" in changed) return changed;
  const isWhole = meaningOf(changed.value) === meaningOf(before);
  return { value: { config: changed.value, isWhole } };
}
