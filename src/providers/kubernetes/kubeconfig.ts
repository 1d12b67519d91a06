import { credentialVariable } from "../../core/credentials/index.ts";
import { hash } from "node:crypto";
import { existsSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { errorText, isRecord, type JsonRecord, PodtrustError } from "../../core/base/index.ts";
import { type OpenedText, readCredentialFile } from "../../core/files/index.ts";
import { homeDirectory } from "../../core/home/index.ts";
import { readYaml } from "../../core/yaml/index.ts";

/** A file of a kubeconfig, as it was read. */
export interface KubeconfigFile {
  /** By the name that was given. */
  readonly path: string;
  /** Where it really is; undefined where that cannot be known, and then no person's own. */
  readonly realPath: string | undefined;
  /** SHA-256 of its content, hex. */
  readonly digest: string;
}

/** A named cluster or user of a kubeconfig, with the folder its relative paths start from. */
export interface KubeconfigEntry {
  readonly name: string;
  readonly values: JsonRecord;
  readonly folder: string;
  /** The file that it stands in. */
  readonly source: KubeconfigFile;
}

/** The part of a kubeconfig that one context selects. */
export interface KubeconfigContext {
  /** The file or files, for messages. */
  readonly file: string;
  readonly context: string;
  readonly namespace: string | undefined;
  readonly cluster: KubeconfigEntry;
  readonly user: KubeconfigEntry;
}

// Kubeconfigs with embedded certificates of hundreds of clusters stay below these.
export const kubeconfigBounds = { bytes: 4 * 1024 * 1024, depth: 64, tokens: 200_000 } as const;

interface Loaded {
  currentContext: string | undefined;
  readonly clusters: Map<string, KubeconfigEntry>;
  readonly users: Map<string, KubeconfigEntry>;
  readonly contexts: Map<string, KubeconfigEntry>;
}

/** The mapping under a key; an absent one is empty. */
export function mapping(values: JsonRecord, key: string): JsonRecord | undefined {
  const value = values[key];
  return isRecord(value) ? value : undefined;
}

/** The text under a key, undefined where it is absent or empty, as client-go treats both alike. */
export function text(values: JsonRecord, key: string): string | undefined {
  const value = values[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function invalid(file: string, what: string, cause?: unknown): PodtrustError {
  return new PodtrustError("kubeconfig-invalid", `kubeconfig ${file}: ${what}`, { cause, detail: { file } });
}

function expand(path: string): string {
  return path === "~" || path.startsWith("~/") ? join(homeDirectory({}), path.slice(1)) : path;
}

async function readMapping(
  file: string,
): Promise<{ readonly values: JsonRecord; readonly source: KubeconfigFile }> {
  let opened: OpenedText;
  try {
    opened = await readCredentialFile("kubeconfig", file);
  } catch (error) {
    if (error instanceof RangeError) throw invalid(file, error.message);
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const why = missing ? "there is no such file" : errorText(error);
    throw new PodtrustError("file-unreadable", `kubeconfig ${file}: ${why}`, { cause: error });
  }
  const read = readYaml(opened.text, kubeconfigBounds);
  if (!("problems" in read)) {
    const { text: content, realPath } = opened;
    const source = { path: file, realPath, digest: hash("sha256", content) };
    if (isRecord(read.value)) return { values: read.value, source };
    throw invalid(file, "it is not a mapping with clusters, users and contexts");
  }
  const [problem] = read.problems;
  // The parser's own sentence could quote the line, and with it a token; its position says enough.
  const what = problem?.bound === true ? `it ${problem.message}` : `line ${problem?.line ?? 1} is not YAML`;
  throw invalid(file, what);
}

function addEntries(
  source: KubeconfigFile,
  list: unknown,
  inner: string,
  into: Map<string, KubeconfigEntry>,
): void {
  const file = source.path;
  if (list === undefined || list === null) return;
  if (!Array.isArray(list)) throw invalid(file, `${inner}s is not a list`);
  for (const item of list as readonly unknown[]) {
    const name = isRecord(item) ? text(item, "name") : undefined;
    if (!isRecord(item) || name === undefined) throw invalid(file, `an entry of ${inner}s has no name`);
    // The first file that names an entry wins, as in kubectl.
    if (into.has(name)) continue;
    into.set(name, { name, values: mapping(item, inner) ?? {}, folder: dirname(file), source });
  }
}

/** Of several files those that are there, as kubectl has it; all of them where none is, for one to be named. */
function presentOf(files: readonly string[]): readonly string[] {
  const there = files.filter((file) => existsSync(file));
  return there.length === 0 ? files : there;
}

async function load(files: readonly string[]): Promise<Loaded> {
  const loaded: Loaded = {
    currentContext: undefined,
    clusters: new Map(),
    users: new Map(),
    contexts: new Map(),
  };
  for (const file of presentOf(files)) {
    const { values, source } = await readMapping(file);
    loaded.currentContext ??= text(values, "current-context");
    addEntries(source, values["clusters"], "cluster", loaded.clusters);
    addEntries(source, values["users"], "user", loaded.users);
    addEntries(source, values["contexts"], "context", loaded.contexts);
  }
  return loaded;
}

const maxName = 80;
const maxNames = 20;

function quoted(name: string): string {
  const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  // JSON leaves the upper half of the control characters as they are.
  const json = JSON.stringify(name).replaceAll(/[\u007F-\u009F\u2028\u2029]/gu, escape);
  return json.length <= maxName ? json : `${json.slice(0, maxName)}…`;
}

/** A name of a kubeconfig as it appears in messages: the file's author chose it. */
function shownName(name: string): string {
  return /^[\w.:@/+-]+$/u.test(name) && name.length <= maxName ? name : quoted(name);
}

function shownNames(names: readonly string[]): string {
  const more = names.length > maxNames ? ` and ${names.length - maxNames} more` : "";
  return `${names.slice(0, maxNames).map(shownName).join(", ")}${more}`;
}

function pick(file: string, loaded: Loaded, asked: string | undefined): KubeconfigEntry {
  const known = [...loaded.contexts.keys()];
  const detail = { file, contexts: known.slice(0, maxNames) };
  const name = asked ?? loaded.currentContext;
  if (name === undefined) {
    throw new PodtrustError("kubeconfig-context", `kubeconfig ${file} has no current-context`, {
      next: `Name one of its contexts: ${shownNames(known) || "it has none"}.`,
      detail,
    });
  }
  const context = loaded.contexts.get(name);
  if (context === undefined) {
    throw new PodtrustError("kubeconfig-context", `kubeconfig ${file} has no context ${shownName(name)}`, {
      next: `Its contexts are: ${shownNames(known) || "none"}.`,
      detail,
    });
  }
  return context;
}

function filesOf(paths: string): readonly string[] {
  const files = paths
    .split(delimiter)
    .filter((path) => path !== "")
    .map((path) => resolve(expand(path)));
  if (files.length === 0) throw invalid('""', "no file is named");
  return files;
}

/** The names of a kubeconfig's contexts. */
export interface KubeconfigContexts {
  readonly current: string | undefined;
  readonly names: readonly string[];
}

/** Which contexts a kubeconfig, or several joined, has. Throws `file-unreadable` and `kubeconfig-invalid`. */
export async function kubeconfigContexts(paths: string): Promise<KubeconfigContexts> {
  const { currentContext, contexts } = await load(filesOf(paths));
  return { current: currentContext, names: [...contexts.keys()] };
}

/**
 * Reads one kubeconfig, or several joined as in $KUBECONFIG (the first that names a thing wins), and gives
 * what `context`, else its current-context, selects.
 *
 * Throws PodtrustError `file-unreadable`, `kubeconfig-invalid` or `kubeconfig-context`.
 */
export async function readKubeconfig(paths: string, context?: string): Promise<KubeconfigContext> {
  const files = filesOf(paths);
  const loaded = await load(files);
  const file = files.join(delimiter);
  const chosen = pick(file, loaded, context);
  const part = (kind: "cluster" | "user", from: Map<string, KubeconfigEntry>): KubeconfigEntry => {
    const name = text(chosen.values, kind) ?? "";
    const entry = from.get(name);
    if (entry !== undefined) return entry;
    throw invalid(
      file,
      `context ${shownName(chosen.name)} names the ${kind} ${quoted(name)}, which is not there`,
    );
  };
  return {
    file,
    context: chosen.name,
    namespace: text(chosen.values, "namespace"),
    cluster: part("cluster", loaded.clusters),
    user: part("user", loaded.users),
  };
}

/**
 * The URL of a context's API server where that and its CA are all that a client needs: undefined for one behind a
 * proxy, under another name than its certificate's, or with a public CA. Throws as `readKubeconfig`.
 */
export async function kubeconfigServer(paths: string, context?: string): Promise<string | undefined> {
  const { values } = (await readKubeconfig(paths, context)).cluster;
  const server = text(values, "server");
  const hasCa = ["certificate-authority-data", "certificate-authority"].some((key) => text(values, key));
  const hasMore = ["proxy-url", "tls-server-name"].some((key) => text(values, key));
  const isHttps = server !== undefined && URL.canParse(server) && new URL(server).protocol === "https:";
  return isHttps && hasCa && !hasMore ? server : undefined;
}

/** A path of an entry, relative to the file it stands in. */
export function entryPath(entry: KubeconfigEntry, path: string): string {
  return isAbsolute(path) ? path : join(entry.folder, path);
}

/** Where kubectl would look: $KUBECONFIG, else ~/.kube/config. */
export function defaultKubeconfig(env: Readonly<Record<string, string | undefined>>): string {
  return credentialVariable(env, "kubeconfig")?.value ?? join(homeDirectory(env), ".kube", "config");
}
