import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Servers and client get a core each. */
export const cores = { server: 0, client: 1 } as const;

/** A server under measurement. */
export interface Measured {
  readonly name: string;
  readonly port: number;
  /** The process that serves. */
  readonly pid: number;
  close(): Promise<void>;
}

/** Starts a program on the servers' core. */
export function startPinned(command: readonly string[], env: NodeJS.ProcessEnv = process.env): ChildProcess {
  return spawn("taskset", ["-c", String(cores.server), ...command], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Ends a program and waits for it. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}

/** Seconds of CPU that a process has used (user and system), from /proc. */
export async function cpuSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resident memory of a process in MiB. */
export async function residentMiB(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/u.exec(text)?.[1]) / 1024;
}

/** Standard output of a program. */
export async function output(file: string, args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run(file, args, { maxBuffer: 64 * 1024 * 1024 });
  return stdout === "" ? stderr : stdout;
}

/** Throws unless these programs can be run, each with the option that is given. */
export async function needed(programs: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, option] of Object.entries(programs)) {
    await output(name, [option]).catch(() => {
      throw new Error(`npm run bench needs ${name}`);
    });
  }
}
