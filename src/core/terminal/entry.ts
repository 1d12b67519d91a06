import { basename } from "node:path";
import { systemClock } from "../base/index.ts";
import { EndedBySignal } from "./ending.ts";
import type { ExitCode } from "./exit.ts";
import type { Host } from "./host.ts";
import { openScreen } from "./writer.ts";

type Run = (args: readonly string[], host: Host) => Promise<ExitCode>;

/**
 * A program, and the first version of Node that has all that it calls; its package declares the same to npm, which only
 * warns.
 */
export interface NodeNeed {
  readonly program: string;
  readonly major: number;
  /** What runs on an older Node in a checkout: scripts of npm, which find the Node that `npm ci` brought. */
  readonly scripts: string;
}

/** What is wrong with a Node of this version, `v20.20.2`, in lines; undefined where nothing is. */
export function nodeProblem(
  version: string,
  { program, major, scripts }: NodeNeed,
): readonly string[] | undefined {
  const found = Number(version.replace(/^v/u, "").split(".")[0]);
  return found >= major
    ? undefined
    : [
        `error: ${program} needs Node ${major} or newer; this is ${version}`,
        "next:  Install it from https://nodejs.org, or put it first in PATH, and run the same command again. " +
          `In a checkout any Node from 20 on is enough for: ${scripts}`,
      ];
}

/** What starts this program again: of a single executable, itself; its arguments are where Node has them. */
function programOf(own: NodeJS.Process): readonly string[] {
  const isSingle = own.getBuiltinModule("node:sea").isSea();
  return [own.execPath, ...(isSingle ? [] : [...own.execArgv, own.argv[1] ?? ""])];
}

/**
 * Runs the command line that this process was started with, and sets its exit code. The program is loaded only once
 * Node is known to have what it calls; it gets the name it was called by.
 *
 * @param own the process: its arguments, streams and exit code are the program's to give, in `cli/` and `sandbox/cli/`
 * @param need the program, the first version of Node that it runs on, and what runs on others; podtrust by default
 */
export async function runProcess(
  own: NodeJS.Process,
  load: (name: string) => Promise<Run>,
  need: NodeNeed = {
    program: "podtrust",
    major: 24,
    scripts: "npm run demo, npm run podtrust -- COMMAND",
  },
): Promise<void> {
  const problem = nodeProblem(own.version, need);
  if (problem !== undefined) {
    const { err } = openScreen(own);
    for (const line of problem) err.line(line);
    own.exitCode = 2;
    return;
  }
  // Before anything is loaded: the first process of a container ignores a signal that it has no handler for.
  const ending = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    // `once`: a second signal ends the process at once, whatever it is doing.
    own.once(name, () => ending.abort(new EndedBySignal(name)));
  }
  // On SIGHUP, as when a terminal closes, a command cleans up and ends, unless it reloads its config then.
  let reload: (() => void) | undefined;
  own.on("SIGHUP", () => {
    if (reload === undefined) ending.abort(new EndedBySignal("SIGHUP"));
    else reload();
  });
  for (const stream of [own.stdout, own.stderr]) {
    // A reader that has seen enough (`podtrust … | head`), or a terminal that is gone, is no fault.
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
    });
  }

  const run = await load(basename(own.argv[1] ?? ""));
  own.exitCode = await run(own.argv.slice(2), {
    program: programOf(own),
    env: own.env,
    cwd: own.cwd(),
    stdin: own.stdin,
    stdout: own.stdout,
    stderr: own.stderr,
    signal: ending.signal,
    onHangup(listener) {
      reload = listener;
      return () => (reload = undefined);
    },
    pid: own.pid,
    uid: own.getuid?.(),
    clock: systemClock,
  });
}
