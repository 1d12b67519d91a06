import { PodtrustError } from "../../core/base/index.ts";
import {
  listConfigFiles,
  type RancherName,
  type ServerConfigFile,
  serverConfigPath,
  type ServerUnit,
  type StartRefusal,
  type UnitStart,
  unitVariables,
} from "../../rules/distribution/index.ts";
import { shellWord } from "../../core/base/index.ts";
import { fieldsOf, type ServerMachine } from "./machine.ts";
import { serverUnit } from "./server-unit.ts";

/** The server that is given other keys, as it is started. */
export interface KeyStore {
  /** The program of its unit, absolute. */
  readonly program: string;
  readonly dataDir: string;
  /** Where it answers its own command line. */
  readonly supervisor: string;
  /** `k3s.service` */
  readonly service: string;
  /** A folder that root alone may enter. */
  readonly root: string;
}

/** All that a server of k3s or RKE2 reads when it starts. */
export interface RancherReading {
  readonly unit: UnitStart;
  /** The same as systemd has it, with the process that runs. */
  readonly loaded: ServerUnit;
  /** `k3s.service` */
  readonly service: string;
  /** The file that it reads first. */
  readonly main: string;
  /** Its config files, in any order. */
  readonly files: readonly ServerConfigFile[];
}

/** Reads it: the unit as systemd has it, its environment files, and the config files. Throws `server-unit`, `server-file-invalid`. */
export async function readRancher(
  machine: ServerMachine,
  distribution: RancherName,
  signal: AbortSignal,
): Promise<RancherReading> {
  const loaded = await serverUnit(machine, distribution, signal);
  const { name, command, environment, environmentFiles } = loaded;
  const read = await machine.readAll([...environmentFiles, ...loaded.files], signal);
  const textOf = (path: string): string => read.get(path) ?? "";
  const variables = unitVariables({ environment }, environmentFiles.map(textOf));
  const texts = loaded.files.map((path) => ({ path, text: textOf(path) }));
  const unit = { command, environment: variables, texts };
  const main = serverConfigPath(distribution, unit);
  return { unit, loaded, service: name, main, files: await readConfigFiles(machine, main, signal) };
}

/** The config files beside the one that is read first, and that one. */
export async function readConfigFiles(
  machine: ServerMachine,
  main: string,
  signal: AbortSignal,
): Promise<readonly ServerConfigFile[]> {
  const script = `${listConfigFiles}config_files ${shellWord(`${main}.d`)}\n`;
  const found = fieldsOf(await machine.run("looking for config files", script, signal), "path");
  const values = await machine.readYamls([main, ...found], signal);
  return [...values].map(([path, value]) => ({ path, value }));
}

/** What was computed, unless it is refused. Throws `server-start`. */
export function startOf<T extends object>(computed: T | StartRefusal, machine: ServerMachine): T {
  if (!("refusal" in computed)) return computed;
  const { refusal, message, line } = computed;
  throw new PodtrustError("server-start", `${machine.text}: ${message}`, {
    detail: { machine: machine.text, refusal, from: line?.from, line: line?.text },
  });
}
