import { resolve } from "node:path";
import type { Logger } from "../base/index.ts";
import { homeDirectory } from "../home/index.ts";
import { withDocumentPaths } from "./documents.ts";
import {
  createOutput,
  createProgress,
  type ExitCode,
  type Host,
  type LogLevel,
  openLogger,
  openScreen,
  type Output,
  type Progress,
  type Screen,
} from "../terminal/index.ts";

/**
 * What a command's action works with. `json` and `verbose` are known once the command line is parsed. The streams
 * themselves are not there: what is said goes through a door that escapes it.
 */
export interface ActionContext extends Omit<Host, "stdout" | "stderr"> {
  readonly screen: Screen;
  /** `--json` was given. */
  readonly json: boolean;
  /** `-v` was given. */
  readonly verbose: boolean;
  readonly output: Output;
  readonly progress: Progress;
  /**
   * A hint whose commands have the -f, --connect-to and --ca of this one, and whose pages are files of this machine.
   */
  hint(said: string): string;
  /** A file name as a person typed it, made absolute; `~/` is the home directory. */
  path(name: string): string;
  /** The logger: from `warn` (or `level`) on, with `-v` from `debug` on. */
  logger(level?: LogLevel): Logger;
  /** The exit code of a command that did its work but has something to report: 3 for differences. */
  exitCode: ExitCode;
}

/** What the command line says about every command, once it is parsed. */
export interface Switches {
  json: boolean;
  verbose: boolean;
  /** Lets the commands of a hint repeat the options that say where things are. */
  repeat?: (hint: string) => string;
  /** Sets `repeat`: a command that lasts goes without it until it fails. */
  loadRepeat?: () => Promise<void>;
}

/** A context whose switches may still change until the action starts. */
export function createContext({ stdout, stderr, ...host }: Host, switches: Switches): ActionContext {
  let output: Output | undefined;
  const screen = openScreen({ env: host.env, stdout, stderr });
  const progress = createProgress(host, screen.err);
  return {
    ...host,
    screen,
    exitCode: 0,
    get json() {
      return switches.json;
    },
    get verbose() {
      return switches.verbose;
    },
    get output() {
      output ??= createOutput(screen.out, switches.json);
      return output;
    },
    progress,
    hint: (said) => withDocumentPaths(switches.repeat?.(said) ?? said),
    path(name) {
      return resolve(
        host.cwd,
        name.startsWith("~/") ? resolve(homeDirectory(host.env), name.slice(2)) : name,
      );
    },
    logger(level = "warn") {
      return openLogger(host, screen.err, switches.verbose ? "debug" : level);
    },
  };
}
