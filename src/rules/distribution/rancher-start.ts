import { defined } from "../../core/base/index.ts";
import { type ApiServerFlags, parseFlags, secretTokenKeyFile } from "./api-server-flags.ts";
import {
  apiServerArgument,
  argumentName,
  inReadingOrder,
  issuerDefaults,
  mergedWords,
  type RancherName,
  type ServerArgument,
  type ServerConfigFile,
  valuesInFiles,
} from "./rancher-config.ts";
import type { ServerUnit } from "./server-unit.ts";
import type { UnitText } from "./unit-file.ts";

/** What systemd starts a server with: the part of its unit that says it. */
export interface UnitStart extends Pick<ServerUnit, "command"> {
  /** The unit's variables, and over them what its environment files say. */
  readonly environment: Readonly<Record<string, string>>;
  /** Its own file and its drop-ins, in systemd's order. */
  readonly texts: readonly UnitText[];
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
  /** What the controller manager of k3s signs tokens in Secrets with. */
  readonly managerKeyFile?: string;
  /** Its API server reads other key files than those that its datastore fills; absent where it reads those. */
  readonly otherKeys?: StartRefusal;
  /** An issuer comes twice, on which its API server ends; absent where none does. */
  readonly twice?: StartRefusal;
}

/** Why a start is refused. */
export interface StartRefusal {
  readonly refusal: "no-server" | "unit-variable" | "unit-form" | "issuer-twice" | "other-keys" | "differs";
  /** The end of a sentence that begins with the machine. */
  readonly message: string;
  /** The line that has to change, as it stands; absent where none can be named. */
  readonly line?: ServerArgument;
}

/** Where an entry of the command line comes from, for sentences. */
export const commandLine = "the command line of its unit";

/** A setting: its names on the command line and in files, and the variable that holds it where neither does. */
export interface ServerSetting {
  readonly names: readonly string[];
  readonly variable?: string;
}

// Sources: ServerFlags in pkg/cli/cmds/server.go of k3s, and MustParse in pkg/configfilearg/defaultparser.go.
const clusterDomain: ServerSetting = { names: ["cluster-domain"] };
const listenPort: ServerSetting = { names: ["https-listen-port"] };
const bindAddress: ServerSetting = { names: ["bind-address"] };
const dataDir = (name: RancherName): ServerSetting => ({
  names: ["data-dir", "d"],
  variable: `${name.toUpperCase()}_DATA_DIR`,
});
const configFile = (name: RancherName): Required<ServerSetting> => ({
  names: ["config", "c"],
  variable: `${name.toUpperCase()}_CONFIG_FILE`,
});

/** The words after `server`; undefined where the unit starts something else. */
function serverWords({ command }: UnitStart): readonly string[] | undefined {
  return command.indexOf("server", 1) === -1 ? undefined : behindServer(command);
}

const behindServer = (command: readonly string[]): readonly string[] =>
  command.slice(command.indexOf("server", 1) + 1);

/** A value on a command line, and the words that give it: one or two from `at`. */
export interface GivenValue {
  readonly text: string;
  readonly at: number;
  readonly count: 1 | 2;
}

/** The values of a setting on a command line: `--NAME=V`, `--NAME V`, and the same with one dash. */
export function givenValues(words: readonly string[], { names }: ServerSetting): readonly GivenValue[] {
  return words.flatMap((word, at): readonly GivenValue[] => {
    const [, name = "", value] = /^--?([^=-][^=]*)(?:=([\s\S]*))?$/u.exec(word) ?? [];
    if (!names.includes(name)) return [];
    return [{ text: value ?? words[at + 1] ?? "", at, count: value === undefined ? 2 : 1 }];
  });
}

const onCommandLine = (words: readonly string[], setting: ServerSetting): readonly string[] =>
  givenValues(words, setting).map(({ text }) => text);

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
export class Start {
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
    return this.#entriesOf(apiServerArgument);
  }

  /** The issuer and the audiences where nobody says them. */
  get defaults(): ReadonlyMap<string, string> {
    return issuerDefaults(this.#name, this.#last(clusterDomain, "cluster.local"));
  }

  /** The same server with another command line and other config files. */
  changed(command: readonly string[], files: readonly ServerConfigFile[]): Start {
    return new Start(this.#name, { ...this.#unit, command, words: behindServer(command) }, files);
  }

  /** What it starts with, whether its API server takes that or not. */
  result(): ServerStart {
    const folder = this.#last(dataDir(this.#name), `/var/lib/rancher/${this.#name}`);
    const tls = `${folder}/server/tls`;
    const current = `${tls}/service.current.key`;
    const keys = new Map([
      // Source: CreateRuntimeCertFiles in pkg/daemons/control/deps/deps.go of k3s.
      ["service-account-key-file", `${tls}/service.key`],
      ["service-account-signing-key-file", current],
    ]);
    const defaults = new Map([...this.defaults, ...keys]);
    const words = mergedWords(
      defaults,
      this.entries.map(({ text }) => text),
    );
    const port = this.#name === "k3s" ? Number(this.#last(listenPort, "6443")) : 6443;
    const flags = parseFlags(words);
    return {
      words,
      flags,
      dataDir: folder,
      port,
      supervisor: this.#supervisor(port),
      ...defined({
        managerKeyFile: this.#managerKeyFile(current),
        otherKeys: otherKeys(this.entries, keys),
        twice: doubled(flags, this.entries),
      }),
    };
  }

  /** The entries of a key of that name, over all files and then the command line. */
  #entriesOf(name: string): readonly ServerArgument[] {
    const own = onCommandLine(this.#words, { names: [name] });
    return [...valuesInFiles(this.#files, name), ...own.map((text) => ({ from: commandLine, text }))];
  }

  /** Source: controllerManager in pkg/daemons/control/server.go of k3s, whose arguments are merged as those of the API server. */
  #managerKeyFile(standard: string): string | undefined {
    const entries = this.#entriesOf("kube-controller-manager-arg").map(({ text }) => text);
    return secretTokenKeyFile(
      mergedWords(new Map([["service-account-private-key-file", standard]]), entries),
    );
  }

  /** k3s answers beside its API, RKE2 at a port of its own. Source: NewCertCommand in pkg/cli/cmds/cert.go of RKE2. */
  #supervisor(port: number): string {
    const bound = this.#last(bindAddress, "0.0.0.0");
    const address = ["0.0.0.0", "::"].includes(bound) ? "127.0.0.1" : bound;
    const host = address.includes(":") ? `[${address}]` : address;
    return `https://${host}:${this.#name === "k3s" ? port : 9345}`;
  }

  /** The last value of a setting that holds one. */
  #last(setting: ServerSetting, otherwise: string): string {
    const inFiles = setting.names.flatMap((one) => valuesInFiles(this.#files, one)).map(({ text }) => text);
    const said = [
      this.#unit.environment[setting.variable ?? ""],
      ...inFiles,
      ...onCommandLine(this.#words, setting),
    ];
    return said.findLast((one) => one !== undefined && one !== "") ?? otherwise;
  }
}

/** A start that is computed, or why it cannot be. */
export function openStart(
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

/** An entry that has the API server read a key file of a person's: changing the keys of the datastore would not change what it signs with. */
function otherKeys(
  entries: readonly ServerArgument[],
  own: ReadonlyMap<string, string>,
): StartRefusal | undefined {
  const line = entries.find(({ text }) => {
    const file = own.get(argumentName(text));
    return file !== undefined && !text.endsWith(`=${file}`);
  });
  if (line === undefined) return undefined;
  return {
    refusal: "other-keys",
    message: `${line.from} gives its API server ${line.text}: its keys are not those that its datastore keeps, and podtrust changes those alone`,
    line,
  };
}

/** What an API server refuses to start with. Source: Validate in pkg/kubeapiserver/options/authentication.go of Kubernetes. */
function doubled({ issuers }: ApiServerFlags, entries: readonly ServerArgument[]): StartRefusal | undefined {
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
 * server, and where an argument has a variable in it.
 */
export function serverStart(
  name: RancherName,
  unit: UnitStart,
  files: readonly ServerConfigFile[],
): ServerStart | StartRefusal {
  const start = openStart(name, unit, files);
  return "refusal" in start ? start : start.result();
}
