import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Run } from "../../cluster/harness/run.ts";
import { type CliResult, mainFile } from "../../support/cli.ts";
import { maxWait } from "../max-wait.ts";
import { processorTime, timed } from "../../support/processor-time.ts";

const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/** podtrust as its source, in a folder that has its package around it. */
export interface Podtrust {
  readonly folder: string;
  readonly main: string;
}

/** The one of this checkout. */
export const thisPodtrust: Podtrust = { folder: root, main: mainFile };

/** The same of a later version, in the run's folder: all that tells them apart is the number. */
export function newerPodtrust({ folder }: Run, version: string): Podtrust {
  const copy = join(folder, `podtrust-${version}`);
  for (const name of ["src", "tools", "packages", "package-lock.json"])
    cpSync(join(root, name), join(copy, name), { recursive: true });
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as object;
  writeFileSync(join(copy, "package.json"), JSON.stringify({ ...manifest, version }));
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  return { folder: copy, main: join(copy, "src", "cli", "main.ts") };
}

/** Builds its publisher into a folder, the compression fast rather than small. */
export async function release(podtrust: Podtrust, folder: string): Promise<void> {
  const args = ["tools/release.ts", "publisher-linux-x64", "--level", "3", "--to", folder];
  await promisify(execFile)(process.execPath, args, { cwd: podtrust.folder, timeout: maxWait });
}

/** How a command ended, and when it said what. */
export interface PodtrustRun extends CliResult {
  /** From its start to its end. */
  readonly seconds: number;
  /** Of the processor, by podtrust and the programs that it starts. */
  readonly ownSeconds: number;
  /** Lines of standard error, with the seconds since the start. */
  readonly lines: readonly (readonly [seconds: number, line: string])[];
}

/**
 * Runs `podtrust ARGS` in the run's folder, with nothing of this process's environment. On an emulated machine everything
 * takes its time: the run is ended after fifty minutes.
 */
export async function runPodtrust(
  { folder }: Run,
  args: readonly string[],
  {
    env,
    podtrust = thisPodtrust,
  }: { readonly env: Readonly<Record<string, string>>; readonly podtrust?: Podtrust },
): Promise<PodtrustRun> {
  const start = performance.now();
  const since = (): number => (performance.now() - start) / 1000;
  const [shell, ...words] = timed([process.execPath, podtrust.main, ...args]);
  const child = spawn(shell, words, {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 3_000_000,
  });
  const gathered = { out: "", err: "" };
  const lines: [number, string][] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (gathered.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    gathered.err += text;
    for (const line of text.split("\n")) if (line.trim() !== "") lines.push([since(), line]);
  });
  const [code] = (await once(child, "close")) as [number | null];
  const { said: err, seconds: ownSeconds } = processorTime(gathered.err);
  return { code, out: gathered.out, err, seconds: since(), ownSeconds, lines };
}
