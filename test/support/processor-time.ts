/** Time of the processor: what a busy machine does not make longer, as it does the time of a clock. */
import process from "node:process";

/** Milliseconds that this process takes for some work, with whatever else it does meanwhile. */
export async function ownTime(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/**
 * The least of so many runs of some work: what the rest of the process does meanwhile is none of it. A run that took no more than
 * `enough` milliseconds is the last.
 */
export async function leastOwnTime(runs: number, work: () => unknown, enough = 0): Promise<number> {
  let least = Infinity;
  for (let run = 0; run < runs && least > enough; run += 1) least = Math.min(least, await ownTime(work));
  return least;
}

// The seconds that a program takes, with those of all that it starts and waits for; needs bash.

const words = ["bash", "-c", 'TIMEFORMAT="processor %U %S"; time "$@"', "bash"] as const;

/** A command line that ends with a line on standard error which `processorTime` reads. */
export function timed(command: readonly string[]): readonly [string, ...string[]] {
  const [shell, ...script] = words;
  return [shell, ...script, ...command];
}

/** What the program itself said on standard error, and its seconds. */
export function processorTime(stderr: string): { readonly said: string; readonly seconds: number } {
  const [line, user, system] = /^processor ([\d.]+) ([\d.]+)\n$/mu.exec(stderr) ?? [];
  if (line === undefined) throw new Error(`bash did not say what the program took:\n${stderr}`);
  return { said: stderr.slice(0, -line.length), seconds: Number(user) + Number(system) };
}
