import { dirname, join, resolve } from "node:path";
import { type Environment, setting } from "../core/base/index.ts";
import type { Trust } from "../rules/bindings/index.ts";
import { homeDirectory } from "../core/home/index.ts";

/** Makes a file name of the config absolute. */
export type PathResolver = (name: string) => string;

/** The context of a config file's content. */
export interface ConfigSource {
  /** Absolute name of the config file. */
  readonly file: string;
  readonly env: Environment;
  /** Text of the files that inline policies name, by absolute name. */
  readonly files: ReadonlyMap<string, string>;
  /** The trust that the operator's section names. */
  readonly trust?: Trust;
}

/** A file name of the config: relative to the config file's folder, `~/` is the home directory. */
export function absolutePath(name: string, configFile: string, env: Environment): string {
  if (name.startsWith("~/")) return join(homeDirectory(env), name.slice(2));
  return resolve(dirname(configFile), name);
}

/** Where podtrust keeps state on a user's machine: the XDG base directory for state. */
export function personStateDir(env: Environment): string {
  const xdg = setting(env, "XDG_STATE_HOME");
  const base = xdg !== undefined && xdg.startsWith("/") ? xdg : join(homeDirectory(env), ".local", "state");
  return join(base, "podtrust");
}

/**
 * Where a stack's state is kept unless the config says: what systemd made for the unit (STATE_DIRECTORY),
 * else a folder of the user's.
 */
export function standardStateDir(stack: string, env: Environment): string {
  const bySystemd = setting(env, "STATE_DIRECTORY")?.split(":")[0];
  if (bySystemd !== undefined && bySystemd !== "") return bySystemd;
  return join(personStateDir(env), stack);
}
