import { isRecord } from "../../../core/base/index.ts";
import {
  apiServerArgument,
  argumentName,
  argumentsInFiles,
  flagText,
  inReadingOrder,
  issuerFlags,
  type ServerConfigFile,
  serverStart,
} from "../../../rules/distribution/index.ts";
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
    `# ${ownershipComment.of(spec)}`,
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

/** The file that k3s reads first. */
export const mainConfig = "/etc/rancher/k3s/config.yaml";

/** A config file of k3s as it was found. */
export interface ConfigText {
  readonly path: string;
  readonly text: string;
}

const bounds = { bytes: 256 * 1024, depth: 16, tokens: 20_000 } as const;

/** The files that can be read, in the order in which k3s reads them. */
function readable(files: readonly ConfigText[]): readonly ServerConfigFile[] {
  const read = files.flatMap(({ path, text }) => {
    const found = readYaml(text, bounds);
    return "problems" in found || !isRecord(found.value) ? [] : [{ path, value: found.value }];
  });
  return inReadingOrder(mainConfig, read);
}

/**
 * The files that keep our issuer from being the one that signs, each with the reason: a later `key:` replaces the whole list, `key+:`
 * adds to it, and an issuer given earlier comes first and signs. Files are taken by k3s' rules, which `adopt` and `rotate` use too.
 */
export function overridingFiles(files: readonly ConfigText[]): readonly string[] {
  const ordered = readable(files);
  const ours = ordered.findIndex(({ path }) => path === configPath);
  return ordered.flatMap((file, index) => {
    if (index === ours) return [];
    if (index > ours && apiServerArgument in file.value)
      return [`${file.path} has ${apiServerArgument} without a +, which drops what came before`];
    const issuer = argumentsInFiles([file]).find(
      ({ text }) => argumentName(text) === "service-account-issuer",
    );
    return issuer === undefined ? [] : [`${file.path} has ${issuer.text}`];
  });
}

/**
 * Why k3s would not start with our file beside those that are there, as a sentence: an issuer comes twice, as where `adopt` wrote it into
 * a file of its own. Undefined where it starts. The unit is ours then, and has no flag.
 */
export function doubledIssuer(files: readonly ConfigText[], spec: K3sSpec): string | undefined {
  const others = files.filter(({ path }) => path !== configPath);
  const unit = { command: ["k3s", "server"], environment: {}, texts: [] };
  const start = serverStart("k3s", unit, readable([...others, configFile(spec)]));
  if ("refusal" in start || start.twice === undefined) return undefined;
  return `${start.twice.message}: ${overridingFiles(others).join("; ")}`;
}
