import { existsSync } from "node:fs";
import process from "node:process";
import { until } from "../../support/until.ts";

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
  const left = (): string => things.filter(isThere).join(", ");
  await until("none of these is there any more", () => !things.some(isThere), { detail: left });
}

/** Waits until none of the processes is there. */
export function untilGone(pids: readonly number[]): Promise<void> {
  return untilNone(pids, isAlive);
}

/** Waits until nothing stands at the paths. */
export function untilRemoved(...paths: readonly string[]): Promise<void> {
  return untilNone(paths, existsSync);
}
