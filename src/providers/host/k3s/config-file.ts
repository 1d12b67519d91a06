import { isRecord } from "../../../core/base/index.ts";
import { flagText, issuerFlags } from "../../../rules/distribution/index.ts";
import { ownershipComment } from "../../../rules/plan/index.ts";
import { readYaml } from "../../../core/yaml/index.ts";
import type { HostFile, K3sSpec } from "./spec.ts";

/** The folder whose files k3s reads in the order of their names, after config.yaml. */
export const configFolder = "/etc/rancher/k3s/config.yaml.d";
/** Late in that order, so that few files of others come after ours. */
export const configPath: string = `${configFolder}/90-podtrust.yaml`;

const quoted = (text: string): string => JSON.stringify(text);

const listLines = (key: string, values: readonly string[]): readonly string[] =>
  values.length === 0 ? [] : [`${key}+:`, ...values.map((value) => `  - ${quoted(value)}`)];

/**
 * k3s's config. Lists have a `+`, so that existing entries stay; without it, ours would replace them. Source:
 * k3s-io/docs installation/configuration.md; networking/basic-network-options.md for Cilium.
 */
export function configFile(spec: K3sSpec): HostFile {
  const text = [
    `# ${ownershipComment.of(spec.stack)}`,
    "# Written by podtrust up. What is changed here is written again.",
    "secrets-encryption: true",
    ...listLines("disable", ["traefik", "servicelb"]),
    ...(spec.cilium === undefined
      ? []
      : ['flannel-backend: "none"', "disable-network-policy: true", "disable-kube-proxy: true"]),
    ...listLines("tls-san", spec.tlsSans),
    ...listLines("kube-apiserver-arg", issuerFlags(spec).map(flagText)),
    "",
  ].join("\n");
  return { path: configPath, text, mode: 0o600 };
}

/** A config file of k3s as it was found. */
export interface ConfigText {
  readonly path: string;
  readonly text: string;
}

const bounds = { bytes: 256 * 1024, depth: 16, tokens: 20_000 } as const;

function valuesOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === "string" || typeof value === "number" ? [String(value)] : [];
}

/** One file's values of a list, and whether they are added to those of files before it. */
function listIn(
  { text }: ConfigText,
  key: string,
): { readonly values: readonly string[]; readonly adds: boolean } | undefined {
  const read = readYaml(text, bounds);
  if ("problems" in read || !isRecord(read.value)) return undefined;
  const added = read.value[`${key}+`];
  if (added !== undefined) return { values: valuesOf(added), adds: true };
  const own = read.value[key];
  return own === undefined ? undefined : { values: valuesOf(own), adds: false };
}

/**
 * The files that keep our issuer from being the one that signs, each with the reason. Files are in the order in which
 * k3s reads them: a later `key:` replaces the whole list, `key+:` adds to it, and an issuer given earlier comes first
 * and signs.
 */
export function overridingFiles(files: readonly ConfigText[], key = "kube-apiserver-arg"): readonly string[] {
  const ours = files.findIndex(({ path }) => path === configPath);
  return files.flatMap((file, index) => {
    const found = listIn(file, key);
    if (index === ours || found === undefined) return [];
    if (index > ours && !found.adds)
      return [`${file.path} has ${key} without a +, which drops what came before`];
    const issuer = found.values.find((value) => value.startsWith("service-account-issuer"));
    if (issuer !== undefined) return [`${file.path} has ${issuer}`];
    return [];
  });
}
