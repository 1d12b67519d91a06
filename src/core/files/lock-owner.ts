import { readlinkSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";
import { isRecord } from "../base/index.ts";

/** Who holds a lock. */
export interface LockOwner {
  /** Unique to this holding. */
  readonly id: string;
  readonly pid: number;
  /** Host and PID namespace: where the pid means something. */
  readonly place: string;
}

function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    // No /proc: another system than Linux, which has one namespace.
    return "";
  }
}

/** Where this process runs. */
export const ownPlace = `${hostname()} ${pidNamespace()}`;

/** Ids of the locks that this process holds, whichever store they are of. */
export const ownLocks = new Set<string>();

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and is another user's.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Whether the holder is certainly dead; false when that cannot be known from here. */
export function isDead(owner: LockOwner): boolean {
  if (owner.place !== ownPlace) return false;
  // Our own pid on a lock that we do not hold: of a predecessor, as in a container where every main process is 1.
  if (owner.pid === process.pid) return !ownLocks.has(owner.id);
  return !lives(owner.pid);
}

/** Reads a lock's content; undefined when it is invalid. */
export function readOwner(text: string): LockOwner | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value)) return undefined;
    const { id, pid, place } = value;
    if (typeof id !== "string" || typeof pid !== "number" || typeof place !== "string") return undefined;
    return { id, pid, place };
  } catch {
    return undefined;
  }
}
