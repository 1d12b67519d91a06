import { defined } from "../../core/base/index.ts";
import { type ApiServerFlags, type FlagChange, flagDifference, parseFlags } from "./api-server-flags.ts";
import {
  apiServerArgument,
  argumentName,
  argumentsInFiles,
  changeServerConfig,
  inReadingOrder,
  issuerDefaults,
  mergedWords,
  type RancherName,
  type ServerArgument,
  type ServerConfigFile,
  valuesInFiles,
} from "./rancher-config.ts";
import type { ServerUnit } from "./server-unit.ts";

/** What systemd starts a server with: the part of its unit that says it. */
export interface UnitStart extends Pick<ServerUnit, "command"> {
  /** The unit's variables, and over them what its environment files say. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * The variables of a unit: those of `Environment`, and over them those of its environment files, in their order. A value loses its quotes.
 * Source: systemd.exec(5), EnvironmentFile.
 */
export function unitVariables(
  { environment }: Pick<ServerUnit, "environment">,
  files: readonly string[],
): Readonly<Record<string, string>> {
  const lines = files.flatMap((text) => text.split("\n").map((line) => line.trim()));
  const said = [...environment, ...lines.filter((line) => !/^[#;]/u.test(line))];
  return Object.fromEntries(
    said.flatMap((line) => {
      const [, name = "", value = ""] = /^([A-Za-z_]\w*)=(.*)$/su.exec(line) ?? [];
      return name === "" ? [] : [[name, value.replace(/^(["'])(.*)\1$/su, "$2")]];
    }),
  );
}

/** What a server of k3s or RKE2 starts with, as far as it makes and checks tokens. */
export interface ServerStart {
  /** Words of its API server, in k3s' order, with the defaults that nobody replaced. */
  readonly words: readonly string[];
  readonly flags: ApiServerFlags;
  /** Absolute: `/var/lib/rancher/k3s`. */
  readonly dataDir: string;
  /** Of its API. */
  readonly port: number;
  /** Where it answers its own command line on its machine: `https://127.0.0.1:6443`. */
  readonly supervisor: string;
}

/** Why a start is refused. */
export interface StartRefusal {
  readonly refusal: "no-server" | "unit-variable" | "issuer-twice" | "differs";
  /** The end of a sentence that begins with the machine. */
  readonly message: string;
  /** The line that has to change, as it stands; absent where none can be named. */
  readonly line?: ServerArgument;
}

/** Where an entry of the command line comes from, for sentences. */
const commandLine = "the command line of its unit";

/** A setting: its names on the command line and in files, and the variable that holds it where neither does. */
interface Setting {
  readonly names: readonly string[];
  readonly variable?: string;
}

// Sources: ServerFlags in pkg/cli/cmds/server.go of k3s, and MustParse in pkg/configfilearg/defaultparser.go.
const clusterDomain: Setting = { names: ["cluster-domain"] };
const listenPort: Setting = { names: ["https-listen-port"] };
const bindAddress: Setting = { names: ["bind-address"] };
const dataDir = (name: RancherName): Setting => ({
  names: ["data-dir", "d"],
  variable: `${name.toUpperCase()}_DATA_DIR`,
});
const configFile = (name: RancherName): Required<Setting> => ({
  names: ["config", "c"],
  variable: `${name.toUpperCase()}_CONFIG_FILE`,
});

/** The words after `server`; undefined where the unit starts something else. */
function serverWords({ command }: UnitStart): readonly string[] | undefined {
  const at = command.indexOf("server", 1);
  return at === -1 ? undefined : command.slice(at + 1);
}

/** The values of a setting on a command line: `--NAME=V`, `--NAME V`, and the same with one dash. */
function onCommandLine(words: readonly string[], { names }: Setting): readonly string[] {
  return words.flatMap((word, at) => {
    const [, name = "", value] = /^--?([^=-][^=]*)(?:=([\s\S]*))?$/u.exec(word) ?? [];
    if (!names.includes(name)) return [];
    return [value ?? words[at + 1] ?? ""];
  });
}

/**
 * The config file that a server reads first; those of `PATH.d` come after it. Source: findConfigFileFlag in
 * pkg/configfilearg/parser.go of k3s: the variable, then the first flag, then the default.
 */
export function serverConfigPath(name: RancherName, unit: UnitStart): string {
  const setting = configFile(name);
  const said = unit.environment[setting.variable];
  if (said !== undefined && said !== "") return said;
  return onCommandLine(serverWords(unit) ?? [], setting)[0] ?? `/etc/rancher/${name}/config.yaml`;
}

/** Computes one start: what stands in files comes before the command line. */
class Start {
  readonly #name: RancherName;
  readonly #words: readonly string[];
  readonly #unit: UnitStart;
  readonly #files: readonly ServerConfigFile[];

  constructor(
    name: RancherName,
    unit: UnitStart & { readonly words: readonly string[] },
    files: readonly ServerConfigFile[],
  ) {
    this.#name = name;
    this.#unit = unit;
    this.#words = unit.words;
    this.#files = inReadingOrder(serverConfigPath(name, unit), files);
  }

  get entries(): readonly ServerArgument[] {
    const own = onCommandLine(this.#words, { names: [apiServerArgument] });
    return [...argumentsInFiles(this.#files), ...own.map((text) => ({ from: commandLine, text }))];
  }

  /** The issuer and the audiences where nobody says them. */
  get defaults(): ReadonlyMap<string, string> {
    return issuerDefaults(this.#name, this.#last(clusterDomain, "cluster.local"));
  }

  result(): ServerStart {
    const folder = this.#last(dataDir(this.#name), `/var/lib/rancher/${this.#name}`);
    const tls = `${folder}/server/tls`;
    const defaults = new Map([
      ...this.defaults,
      // Source: CreateRuntimeCertFiles in pkg/daemons/control/deps/deps.go of k3s.
      ["service-account-key-file", `${tls}/service.key`] as const,
      ["service-account-signing-key-file", `${tls}/service.current.key`] as const,
    ]);
    const words = mergedWords(
      defaults,
      this.entries.map(({ text }) => text),
    );
    const port = this.#name === "k3s" ? Number(this.#last(listenPort, "6443")) : 6443;
    return { words, flags: parseFlags(words), dataDir: folder, port, supervisor: this.#supervisor(port) };
  }

  /** k3s answers beside its API, RKE2 at a port of its own. Source: NewCertCommand in pkg/cli/cmds/cert.go of RKE2. */
  #supervisor(port: number): string {
    const bound = this.#last(bindAddress, "0.0.0.0");
    const address = ["0.0.0.0", "::"].includes(bound) ? "127.0.0.1" : bound;
    const host = address.includes(":") ? `[${address}]` : address;
    return `https://${host}:${this.#name === "k3s" ? port : 9345}`;
  }

  /** The last value of a setting that holds one. */
  #last(setting: Setting, otherwise: string): string {
    const inFiles = setting.names.flatMap((one) => valuesInFiles(this.#files, one)).map(({ text }) => text);
    const said = [
      this.#unit.environment[setting.variable ?? ""],
      ...inFiles,
      ...onCommandLine(this.#words, setting),
    ];
    return said.findLast((one) => one !== undefined && one !== "") ?? otherwise;
  }
}

function opened(
  name: RancherName,
  unit: UnitStart,
  files: readonly ServerConfigFile[],
): Start | StartRefusal {
  const words = serverWords(unit);
  if (words === undefined) {
    return {
      refusal: "no-server",
      message: `its unit starts ${unit.command.join(" ")}, which is no server of ${name}`,
    };
  }
  const open = words.find((word) => word.includes("$"));
  if (open !== undefined) {
    return {
      refusal: "unit-variable",
      message: `its unit has the argument ${open}, and what systemd puts in its place is not known`,
      line: { from: commandLine, text: open },
    };
  }
  return new Start(name, { ...unit, words }, files);
}

/** The entry that gives a flag the value last; undefined where a default does. */
function entryOf(
  entries: readonly ServerArgument[],
  flag: string,
  value: string,
): ServerArgument | undefined {
  return entries.findLast(({ text }) => argumentName(text) === flag && text.endsWith(`=${value}`));
}

/** What an API server refuses to start with. Source: Validate in pkg/kubeapiserver/options/authentication.go of Kubernetes. */
function doubled(
  { flags: { issuers } }: ServerStart,
  entries: readonly ServerArgument[],
): StartRefusal | undefined {
  const twice = issuers.find((one, index) => issuers.indexOf(one) < index);
  if (twice === undefined) return undefined;
  const line = entryOf(entries, "service-account-issuer", twice);
  const from = line === undefined ? "" : `, the second time by ${line.from}`;
  return {
    refusal: "issuer-twice",
    message: `its API server would be given the issuer ${twice} twice${from}, and does not start so`,
    ...defined({ line }),
  };
}

/**
 * What a server starts with: its unit, the variables of that, and its config files in any order. Refused where the unit starts no
 * server, where an argument has a variable in it, or where an issuer comes twice, on which the API server ends.
 */
export function serverStart(
  name: RancherName,
  unit: UnitStart,
  files: readonly ServerConfigFile[],
): ServerStart | StartRefusal {
  const start = opened(name, unit, files);
  if ("refusal" in start) return start;
  const result = start.result();
  return doubled(result, start.entries) ?? result;
}

/** What a change means here: an issuer or audiences that are taken away leave k3s' own. */
function meant(change: FlagChange, defaults: ReadonlyMap<string, string>): FlagChange {
  const { issuers, audiences } = change;
  const own = parseFlags([...defaults].map(([flag, value]) => `--${flag}=${value}`));
  return {
    ...change,
    ...(issuers?.length === 0 ? { issuers: own.issuers } : {}),
    ...(audiences?.length === 0 ? defined({ audiences: own.audiences }) : {}),
  };
}

/** The line that keeps our file's flags from being what the API server gets. */
function culprit(
  files: readonly ServerConfigFile[],
  entries: readonly ServerArgument[],
  own: string,
  difference: string,
): ServerArgument | undefined {
  const flag = difference.slice(2).split(" ", 1)[0];
  const entry = entries.findLast(({ from, text }) => from !== own && argumentName(text) === flag);
  if (entry !== undefined) return entry;
  const after = files.slice(files.findIndex(({ path }) => path === own) + 1);
  const wipes = after.find(({ value }) => apiServerArgument in value);
  return wipes === undefined
    ? undefined
    : { from: wipes.path, text: `${apiServerArgument}: (without +, which drops what other files say)` };
}

/** A start with another config, and the files that differ then. */
export interface ChangedStart {
  readonly files: readonly ServerConfigFile[];
  readonly start: ServerStart;
}

/**
 * What a server will start with once our file `own` gives it other flags: the files that change, or why it would not start so. What
 * other files and the command line say is counted in: k3s appends the command line to the files.
 */
export function startAfter(
  name: RancherName,
  unit: UnitStart,
  files: readonly ServerConfigFile[],
  { own, change }: { readonly own: string; readonly change: FlagChange },
): ChangedStart | StartRefusal {
  const main = serverConfigPath(name, unit);
  const changed = changeServerConfig(inReadingOrder(main, files), own, change);
  const others = files.filter(({ path }) => !changed.some((file) => file.path === path));
  const after = inReadingOrder(main, [...others, ...changed]);
  const opening = opened(name, unit, after);
  if ("refusal" in opening) return opening;
  const start = opening.result();
  const twice = doubled(start, opening.entries);
  if (twice !== undefined) return twice;
  const difference = flagDifference(start.flags, meant(change, opening.defaults));
  if (difference === undefined) return { files: changed, start };
  const line = culprit(after, opening.entries, own, difference);
  const by = line === undefined ? "" : `: ${line.from} has ${line.text}`;
  return {
    refusal: "differs",
    message: `its API server would start otherwise than meant: ${difference}${by}`,
    ...defined({ line }),
  };
}
