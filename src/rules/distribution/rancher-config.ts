import type { JsonRecord } from "../../core/base/index.ts";
import {
  type ApiServerFlags,
  changedFlags,
  type FlagChange,
  flagNameOf,
  parseFlags,
} from "./api-server-flags.ts";

/** k3s, and RKE2, which reads its files and command line by k3s' own code. */
export type RancherName = "k3s" | "rke2";

/** A YAML file of k3s or RKE2: its place and what it says. */
export interface ServerConfigFile {
  readonly path: string;
  readonly value: JsonRecord;
}

/** One entry of `kube-apiserver-arg`, and the file that has it. */
export interface ServerArgument {
  readonly from: string;
  /** As it stands: `service-account-issuer=https://a`, with or without `--`. */
  readonly text: string;
}

/**
 * Whether k3s reads a file of `config.yaml.d` by its name: the ending alone counts, in any case, and a leading dot does
 * not hide it. A folder of such a name is passed over.
 * Source: dotDFiles in pkg/configfilearg/parser.go of k3s.
 */
export function isConfigFile(name: string): boolean {
  return /\.ya?ml$/iu.test(name);
}

/** Shell, for a function: prints the path of each config file of `config.yaml.d` (`isConfigFile`), as `path BASE64`. */
export const listConfigFiles = `config_files() {
  find "$1" -mindepth 1 -maxdepth 1 '(' -iname '*.yaml' -o -iname '*.yml' ')' ! -type d -exec sh -c '
    for file; do printf "path %s\\n" "$(printf %s "$file" | base64 -w0)"; done' sh {} + 2>/dev/null || true
}
`;

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Config files in the order in which they are read: the main one, then those of its folder by the bytes of their names. */
export function inReadingOrder(
  main: string,
  files: readonly ServerConfigFile[],
): readonly ServerConfigFile[] {
  const isMain = ({ path }: ServerConfigFile): boolean => path === main;
  const others = files.filter((file) => !isMain(file));
  return [...files.filter(isMain), ...others.toSorted((a, b) => byBytes(a.path, b.path))];
}

// What a value of YAML is as a list. A mapping has no meaning there.
function textsOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.filter((one) => one !== null).map(String);
  const isPlain = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return isPlain ? [String(value)] : [];
}

/**
 * The values of a key over all files, in the order in which they are read, each with its file: `KEY` takes the place of what came
 * before, and `KEY+` adds to it. Source: readConfigFile in pkg/configfilearg/parser.go of k3s.
 */
export function valuesInFiles(files: readonly ServerConfigFile[], name: string): readonly ServerArgument[] {
  let found: readonly ServerArgument[] = [];
  for (const { path, value } of files) {
    for (const [key, given] of Object.entries(value)) {
      if (key !== name && key !== `${name}+`) continue;
      const own = textsOf(given).map((text) => ({ from: path, text }));
      found = key === name ? own : [...found, ...own];
    }
  }
  return found;
}

/** The key, and the option, with which k3s is given a flag of its API server. */
export const apiServerArgument = "kube-apiserver-arg";
const isArgument = (key: string): boolean => key === apiServerArgument || key === `${apiServerArgument}+`;

/** A name without the marks at its end that say how its value is added. */
function withoutMarks(written: string): string {
  let end = written.length;
  while (end > 0 && (written[end - 1] === "+" || written[end - 1] === "-")) end -= 1;
  return written.slice(0, end);
}

/** The flag that an entry is about: `service_account_issuer+=X` is about service-account-issuer. */
export function argumentName(text: string): string {
  const [name = ""] = text.replace(/^--/u, "").split("=", 1);
  return flagNameOf(withoutMarks(name));
}

/** The entries of `kube-apiserver-arg` in files that are in their order. */
export function argumentsInFiles(files: readonly ServerConfigFile[]): readonly ServerArgument[] {
  return valuesInFiles(files, apiServerArgument);
}

/**
 * Words of a command line from defaults and entries: `NAME=V` takes the place of the default, and adds to further ones; `NAME+=V` stands
 * after what there is and `NAME-=V` before it, the default among it until an entry of that name was met.
 * Source: GetArgs in pkg/util/args.go of k3s, entry by entry.
 */
export function mergedWords(
  defaults: ReadonlyMap<string, string>,
  entries: readonly string[],
): readonly string[] {
  const left = new Map(defaults);
  const given = new Map<string, readonly string[]>();
  for (const entry of entries) {
    const text = entry.replace(/^--/u, "");
    const at = text.indexOf("=");
    const [written, value] = at === -1 ? [text, "true"] : [text.slice(0, at), text.slice(at + 1)];
    const name = withoutMarks(written);
    const standard = left.get(name);
    const before = given.get(name) ?? [];
    const there = standard === undefined ? before : [standard, ...before];
    if (written.endsWith("+")) given.set(name, [...there, value]);
    else if (written.endsWith("-")) given.set(name, [value, ...there]);
    else given.set(name, [...before, value]);
    left.delete(name);
  }
  const all = new Map([...given, ...[...left].map(([name, value]) => [name, [value]] as const)]);
  return [...all]
    .toSorted(([a], [b]) => byBytes(a, b))
    .flatMap(([name, values]) => values.map((value) => `--${name}=${value}`));
}

/** The issuer and the audiences that the API server gets where nobody says them. Source: apiServer in pkg/daemons/control/server.go of k3s. */
export function issuerDefaults(name: RancherName, domain: string): ReadonlyMap<string, string> {
  const issuer = `https://kubernetes.default.svc.${domain}`;
  return new Map([
    ["service-account-issuer", issuer],
    ["api-audiences", `${issuer},${name}`],
  ]);
}

/**
 * The flags of the API server that config files give, and `behind` them entries of a command line; one that none of them gives is
 * absent, whatever its default. `files`: in the order in which they are read.
 */
export function serverConfigFlags(
  name: RancherName,
  files: readonly ServerConfigFile[],
  behind: readonly string[] = [],
): ApiServerFlags {
  const entries = [...argumentsInFiles(files).map(({ text }) => text), ...behind];
  const domain = valuesInFiles(files, "cluster-domain").at(-1)?.text ?? "cluster.local";
  const named = new Set(entries.map(argumentName));
  const defaults = [...issuerDefaults(name, domain)].filter(([flag]) => named.has(flag));
  return parseFlags(mergedWords(new Map(defaults), entries));
}

/**
 * The config files, in the order in which they are read, with other flags of the API server. The changed flags stand
 * in `own`, which adds to the others (`kube-apiserver-arg+`), and in no other file. Gives those files alone that change.
 * Source: https://docs.k3s.io/installation/configuration#multiple-config-files
 */
export function changeServerConfig(
  files: readonly ServerConfigFile[],
  own: string,
  change: FlagChange,
): readonly ServerConfigFile[] {
  const desired = changedFlags(change);
  const without = (value: unknown): readonly string[] =>
    textsOf(value).filter((entry) => !desired.has(argumentName(entry)));
  const others = files.flatMap(({ path, value }) => {
    const keys = Object.keys(value).filter(isArgument);
    const isTouched = keys.some((key) => without(value[key]).length < textsOf(value[key]).length);
    if (path === own || !isTouched) return [];
    const changed = keys.map((key) => [key, without(value[key])] as const);
    return [{ path, value: { ...value, ...Object.fromEntries(changed) } }];
  });
  const before = files.find(({ path }) => path === own)?.value ?? {};
  const kept = Object.entries(before).flatMap(([key, value]) => (isArgument(key) ? without(value) : []));
  const rest = Object.entries(before).filter(([key]) => !isArgument(key));
  const flags = [...desired].flatMap(([flag, values]) => values.map((value) => `${flag}=${value}`));
  return [
    ...others,
    { path: own, value: { ...Object.fromEntries(rest), [`${apiServerArgument}+`]: [...kept, ...flags] } },
  ];
}
