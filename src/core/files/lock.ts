import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import process from "node:process";
import { type Clock, errorText, type Logger, PodtrustError } from "../base/index.ts";
import { boundedText } from "./bounded.ts";
import { isDead, type LockOwner, ownLocks, ownPlace, readOwner } from "./lock-owner.ts";
import { fileCode, type Files } from "./machine.ts";
import { createText } from "./replace.ts";

export type { LockOwner } from "./lock-owner.ts";

/** How often a holder shows that it lives. A lock without a sign for twice this long is stale. */
export const freshness = 5000;
const pollEvery = 500;
const claimPoll = 20;
const maxLock = 4096;

/** A lock that is held. */
export interface FileLock {
  /** Aborted when the lock was lost to a process that took us for dead: stop what it protects. */
  readonly lost: AbortSignal;
  /** Asks the disk whether it is still ours: a process that was suspended has not noticed yet what it lost. */
  isHeld(): Promise<boolean>;
  /** Gives it back; a second call does nothing. */
  release(): Promise<void>;
}

export interface LockDoor {
  readonly files: Files;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What is seen of a lock file: its owner, and a value that changes with every sign of life. */
interface LockReading {
  readonly owner: LockOwner | undefined;
  readonly beat: string;
  /** Of its last sign of life, in milliseconds since the epoch by the file's clock. */
  readonly at: number;
}

async function readLock(files: Files, path: string): Promise<LockReading | undefined> {
  let file: FileHandle;
  try {
    file = await files.open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    if (fileCode(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const { ino, mtimeMs } = await file.stat();
    const text = await boundedText(file, maxLock).catch(() => "");
    return { owner: readOwner(text), beat: `${ino} ${mtimeMs}`, at: mtimeMs };
  } finally {
    await file.close();
  }
}

/**
 * Whether this process alone may take a dead holder's file away; a claim left by a dead process does not block others
 * for long.
 */
async function claim(files: Files, path: string, now: number): Promise<boolean> {
  try {
    await (await files.open(path, "wx", 0o600)).close();
    return true;
  } catch (error) {
    if (fileCode(error) !== "EEXIST") throw error;
    const there = await files.stat(path).catch(() => undefined);
    const isLeft = there !== undefined && Math.abs(now - there.mtimeMs) > 2 * freshness;
    if (isLeft) await files.unlink(path).catch(() => {});
    return false;
  }
}

/**
 * Takes a dead holder's file away, one process at a time: what was seen before may be another's by now, and a held lock
 * must not vanish for a moment, in which another process would make it. False where another process is at it.
 */
async function clear(files: Files, path: string, dead: LockReading, now: number): Promise<boolean> {
  const claimed = `${path}.takeover`;
  if (!(await claim(files, claimed, now))) return false;
  try {
    const seen = await readLock(files, path);
    // A dead holder shows no life, and no other process may take this file away meanwhile.
    if (seen?.beat === dead.beat && seen.owner?.id === dead.owner?.id) await files.unlink(path);
    return true;
  } finally {
    await files.unlink(claimed).catch(() => {});
  }
}

// Touching the file's time needs no room on a full disk, and can never touch another holder's file.
async function showLife(file: FileHandle, clock: Clock): Promise<void> {
  const seconds = clock.now() / 1000;
  await file.utimes(seconds, seconds);
}

class AcquiredLock implements FileLock {
  readonly #door: LockDoor;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #owner: LockOwner;
  readonly #lost = new AbortController();
  readonly #stop = new AbortController();
  readonly #beating: Promise<void>;

  constructor(door: LockDoor, path: string, file: FileHandle, owner: LockOwner) {
    this.#door = door;
    this.#path = path;
    this.#file = file;
    this.#owner = owner;
    this.#beating = this.#beat();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async isHeld(): Promise<boolean> {
    return !this.#stop.signal.aborted && !this.#lost.signal.aborted && (await this.#isOurs());
  }

  async release(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort(new Error("the lock was released"));
    await this.#beating;
    try {
      if (await this.#isOurs()) await this.#door.files.unlink(this.#path);
    } catch (error) {
      // A lock that stays behind is taken over: its holder is dead, or shows no life.
      this.#door.logger.warn("a lock file could not be removed", {
        path: this.#path,
        error: errorText(error),
      });
    } finally {
      ownLocks.delete(this.#owner.id);
      await this.#file.close();
    }
  }

  async #isOurs(): Promise<boolean> {
    const { ino } = await this.#file.stat();
    const there = await this.#door.files.stat(this.#path).catch(() => undefined);
    return there?.ino === ino;
  }

  async #beat(): Promise<void> {
    const { clock, logger } = this.#door;
    try {
      for (;;) {
        await clock.sleep(freshness, this.#stop.signal);
        if (!(await this.#isOurs())) throw new Error("another process took it over");
        await showLife(this.#file, clock);
      }
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      logger.warn("a lock was lost", { path: this.#path, error: errorText(error) });
      this.#lost.abort(error);
    }
  }
}

/** What is known of a lock that is held. */
type LockState =
  | { readonly state: "unknown" }
  | { readonly state: "held"; readonly owner: LockOwner }
  | { readonly state: "free"; readonly why: string };

/** Watches a lock that is held. */
class Watch {
  #beat = "";
  /** When its last sign of life was seen, in milliseconds of `clock.elapsed()`. */
  #since = 0;

  verdict(seen: LockReading, clock: Pick<Clock, "now" | "elapsed">): LockState {
    const { owner } = seen;
    if (owner !== undefined && isDead(owner))
      return { state: "free", why: `its holder, process ${owner.pid}, is dead` };
    // Judged by how long WE saw no sign: clocks of several machines may differ.
    const moved = this.#beat !== "" && seen.beat !== this.#beat;
    if (seen.beat !== this.#beat) {
      this.#beat = seen.beat;
      this.#since = clock.elapsed();
    }
    if (clock.elapsed() - this.#since > 2 * freshness)
      return { state: "free", why: "its holder shows no life" };
    // One here is believed at once: its clock is ours. A number that another process got since shows no life.
    const fresh = owner?.place === ownPlace && Math.abs(clock.now() - seen.at) <= 2 * freshness;
    return owner !== undefined && (moved || fresh) ? { state: "held", owner } : { state: "unknown" };
  }
}

/** How a lock is taken. */
export interface Taking {
  readonly signal?: AbortSignal;
  readonly busy?: (owner: LockOwner) => PodtrustError;
}

/** The taking of a lock. */
class Attempt {
  readonly #door: LockDoor;
  readonly #path: string;
  readonly #owner: LockOwner = { id: randomUUID(), pid: process.pid, place: ownPlace };
  readonly #watch = new Watch();

  constructor(door: LockDoor, path: string) {
    this.#door = door;
    this.#path = path;
  }

  async take({ signal, busy }: Taking): Promise<FileLock> {
    // Before the file exists: others in this process that see it must know that it is ours.
    ownLocks.add(this.#owner.id);
    try {
      for (;;) {
        signal?.throwIfAborted();
        const outcome = await this.#look(busy);
        if (typeof outcome !== "number") return outcome;
        if (outcome > 0) await this.#door.clock.sleep(outcome, signal);
      }
    } catch (error) {
      ownLocks.delete(this.#owner.id);
      throw error;
    }
  }

  /** One look at the lock: the lock, or milliseconds until the next look. */
  async #look(busy: Taking["busy"]): Promise<FileLock | number> {
    const { files, clock, logger } = this.#door;
    const seen = await readLock(files, this.#path);
    if (seen === undefined)
      return (await createText(files, this.#path, `${JSON.stringify(this.#owner)}\n`)) ? this.#hold() : 0;
    const verdict = this.#watch.verdict(seen, clock);
    if (verdict.state === "held" && busy !== undefined) throw busy(verdict.owner);
    if (verdict.state !== "free") return pollEvery;
    logger.warn("taking over a lock", { path: this.#path, why: verdict.why });
    return (await clear(files, this.#path, seen, clock.now())) ? 0 : claimPoll;
  }

  async #hold(): Promise<FileLock> {
    const file = await this.#door.files.open(this.#path, "r+");
    try {
      await showLife(file, this.#door.clock);
    } catch (error) {
      await file.close();
      throw error;
    }
    return new AcquiredLock(this.#door, this.#path, file, this.#owner);
  }
}

/** Waits for the lock at `path` and takes it. Throws `file-unwritable`, the signal's reason, or what `busy` gives. */
export async function takeLock(door: LockDoor, path: string, taking: Taking = {}): Promise<FileLock> {
  try {
    return await new Attempt(door, path).take(taking);
  } catch (error) {
    if (taking.signal?.aborted === true) throw taking.signal.reason;
    if (error instanceof PodtrustError) throw error;
    throw new PodtrustError("file-unwritable", `${path}: the lock cannot be had: ${errorText(error)}`, {
      cause: error,
      detail: { path },
    });
  }
}
