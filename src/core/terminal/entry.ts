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
}

/** What is wrong with a Node of this version, `v20.20.2`, in lines; undefined where nothing is. */
export function nodeProblem(version: string, { program, major }: NodeNeed): readonly string[] | undefined {
  const found = Number(version.replace(/^v/u, "").split(".")[0]);
  return found >= major
    ? undefined
    : [
        `error: ${program} needs Node ${major} or newer; this is ${version}`,
        "next:  Install it from https://nodejs.org, or put it first in PATH, and run the same command again.",
      ];
}

/** What starts this program again: of a single executable, itself; its arguments are where Node has them. */
function programOf(): readonly string[] {
  const isSingle = process.getBuiltinModule("node:sea").isSea();
  return [process.execPath, ...(isSingle ? [] : [...process.execArgv, process.argv[1] ?? ""])];
}

/**
 * Runs the command line that this process was started with, and sets its exit code. The program is loaded only once
 * Node is known to have what it calls; it gets the name it was called by.
 *
 * @param need the program and the first version of Node that it runs on; podtrust and 24 by default
 */
export async function runProcess(
  load: (name: string) => Promise<Run>,
  need: NodeNeed = { program: "podtrust", major: 24 },
): Promise<void> {
  const problem = nodeProblem(process.version, need);
  if (problem !== undefined) {
    const { err } = openScreen(process);
    for (const line of problem) err.line(line);
    process.exitCode = 2;
    return;
  }
  // Before anything is loaded: the first process of a container ignores a signal that it has no handler for.
  const ending = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    // `once`: a second signal ends the process at once, whatever it is doing.
    process.once(name, () => ending.abort(new EndedBySignal(name)));
  }
  // On SIGHUP, as when a terminal closes, a command cleans up and ends, unless it reloads its config then.
  let reload: (() => void) | undefined;
  process.on("SIGHUP", () => {
    if (reload === undefined) ending.abort(new EndedBySignal("SIGHUP"));
    else reload();
  });
  for (const stream of [process.stdout, process.stderr]) {
    // A reader that has seen enough (`podtrust … | head`), or a terminal that is gone, is no fault.
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
    });
  }

  const run = await load(basename(process.argv[1] ?? ""));
  process.exitCode = await run(process.argv.slice(2), {
    program: programOf(),
    env: process.env,
    cwd: process.cwd(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: ending.signal,
    onHangup(listener) {
      reload = listener;
      return () => (reload = undefined);
    },
    pid: process.pid,
    uid: process.getuid?.(),
    clock: systemClock,
  });
}
