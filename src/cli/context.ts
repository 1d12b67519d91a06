import { resolve } from "node:path";
import { homedir } from "node:os";
import type { Clock, Logger } from "../base/index.ts";
import type { ExitCode } from "./exit.ts";
import type { Host } from "./host.ts";
import type { LogLevel } from "./terminal/log.ts";
import { createOutput, type Output } from "./terminal/output.ts";
import { createProgress, type Progress } from "./terminal/progress.ts";

/** What a command's action works with. `json` and `verbose` are known once the command line is parsed. */
export interface CommandContext extends Host {
  readonly clock: Clock;
  /** `--json` was given. */
  readonly json: boolean;
  /** `-v` was given. */
  readonly verbose: boolean;
  readonly output: Output;
  readonly progress: Progress;
  /** A file name as a person typed it, made absolute; `~/` is the home directory. */
  path(name: string): string;
  /** The logger: from `warn` (or `level`) on, with `-v` from `debug` on. */
  logger(level?: LogLevel): Promise<Logger>;
  /** The exit code of a command that did its work but has something to report: 3 for differences. */
  exitCode: ExitCode;
}

/** The switches that every command takes. */
export interface Switches {
  json: boolean;
  verbose: boolean;
}

/** A context whose switches may still change until the action starts. */
export function createContext(host: Host, switches: Switches): CommandContext {
  let output: Output | undefined;
  const progress = createProgress(host);
  return {
    ...host,
    exitCode: 0,
    get json() {
      return switches.json;
    },
    get verbose() {
      return switches.verbose;
    },
    get output() {
      output ??= createOutput(host, switches.json);
      return output;
    },
    progress,
    path(name) {
      const home = host.env["HOME"] ?? homedir();
      return resolve(host.cwd, name.startsWith("~/") ? resolve(home, name.slice(2)) : name);
    },
    async logger(level = "warn") {
      const { openLogger } = await import("./terminal/log.ts");
      return openLogger(host, switches.verbose ? "debug" : level);
    },
  };
}
