import { existsSync } from "node:fs";
import process from "node:process";

/** Whether a process of this number is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function untilNone<T>(things: readonly T[], isThere: (thing: T) => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (things.some(isThere)) {
    if (performance.now() > deadline)
      throw new Error(`still there after 20 s: ${things.filter(isThere).join(", ")}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Waits until none of the processes is there; an error after 20 seconds. */
export function untilGone(pids: readonly number[]): Promise<void> {
  return untilNone(pids, isAlive);
}

/** Waits until nothing stands at the paths; an error after 20 seconds. */
export function untilRemoved(...paths: readonly string[]): Promise<void> {
  return untilNone(paths, existsSync);
}
