import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { MachineError } from "../error.ts";

/**
 * The parent of a program: `sh -c GUARD sh FOLDER PROGRAM ARGS…`. Its standard input comes from podtrust and ends when
 * podtrust does, however that ends; then the program is killed, and the folder that it worked in removed. The word `off`
 * kills it alone.
 */
const guard = `folder=$1
shift
exec 3<&0 </dev/null
"$@" 3<&- &
program=$!
{
  read -r word <&3
  trap '' TERM
  kill -KILL "$program"
  [ "$word" = off ] || rm -rf "$folder"
} &
reader=$!
wait "$program"
code=$?
kill "$reader" 2>/dev/null
exit "$code"
`;

/** How long a program may take to be gone, in milliseconds, once it was killed. */
const goneMs = 20_000;
const lastWords = 4000;

/** A program that ends with this process at the latest. */
export interface Guarded {
  /** Of the process that is its parent, and ends right after it. */
  readonly pid: number;
  /** How it ended, once it has. */
  readonly ended: () => string | undefined;
  /** What it wrote on standard output and standard error; the last 4,000 characters. */
  readonly output: () => string;
  /** Kills it; resolves when it is gone. */
  readonly kill: () => Promise<void>;
}

function howOf(code: number | null, signal: NodeJS.Signals | null): string {
  return signal ?? (code !== null && code > 128 ? `signal ${code - 128}` : `exit code ${code}`);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

async function killed(child: ChildProcess & { readonly pid: number }): Promise<void> {
  const gone = once(child, "exit");
  child.ref();
  const timer = setTimeout(() => killGroup(child.pid), goneMs);
  child.stdin?.end("off\n");
  await gone;
  clearTimeout(timer);
}

/**
 * Starts a program in a folder of its own, which is removed when this process ends before the program was killed. It
 * runs as a group of processes of its own, so that a Ctrl-C on the terminal is podtrust's alone to answer, and does not
 * keep this process alive. Throws `emulator-failed` where it cannot be started.
 */
export async function startGuarded(
  folder: string,
  [command, ...args]: readonly [string, ...(readonly string[])],
): Promise<Guarded> {
  const log = join(folder, "output.log");
  const output = openSync(log, "a", 0o600);
  const env = { PATH: process.env["PATH"] ?? "", NODE_NO_WARNINGS: "1" };
  const child = spawn("/bin/sh", ["-c", guard, "sh", folder, command, ...args], {
    env,
    cwd: folder,
    detached: true,
    stdio: ["pipe", output, output],
  });
  closeSync(output);
  try {
    await once(child, "spawn");
  } catch (cause) {
    throw new MachineError("emulator-failed", `${command} cannot be started`, { cause });
  }
  let how: string | undefined;
  child.once("exit", (code, signal) => (how = howOf(code, signal)));
  // A program that has ended takes its guard with it.
  child.stdin?.on("error", () => {});
  child.unref();
  const started = child as typeof child & { readonly pid: number };
  return {
    pid: started.pid,
    ended: () => how,
    output: () => readFileSync(log, "utf8").slice(-lastWords),
    async kill() {
      if (how === undefined) await killed(started);
    },
  };
}
