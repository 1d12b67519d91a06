import { type ChildProcess, execFile, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { promisify } from "node:util";

const run = promisify(execFile);

/** When and on what is measured, as pages say it: asked before anything is. */
export function measuredNow(): { readonly when: string; readonly machine: string } {
  const processor = cpus()[0]?.model.trim() ?? "an unknown processor";
  const busy = (loadavg()[0] ?? 0).toFixed(1);
  return {
    when: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} × ${processor}, load average ${busy} at the start`,
  };
}

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

/** What starts a program on the servers' core. */
export const onServersCore: readonly string[] = ["taskset", "-c", String(cores.server)];

/** Starts a program on the servers' core. */
export function startPinned(command: readonly string[]): ChildProcess {
  const [file = "", ...args] = [...onServersCore, ...command];
  return spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
}

/** Seconds of CPU that a process has used (user and system), from /proc. */
export async function cpuSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
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
