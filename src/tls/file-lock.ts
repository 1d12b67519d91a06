import { randomUUID } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { type Clock, errorText, type Logger, PodtrustError } from "../base/index.ts";
import { besides, fileCode, type Files, makeFolder, writeSynced } from "./files.ts";
import { isDead, type LockOwner, ownLocks, ownPlace, readOwner } from "./lock-owner.ts";
import type { StoreLock } from "./store.ts";

/** How often a holder shows that it lives. A lock without a sign for twice this long is stale. */
export const freshness = 5000;
const pollEvery = 500;

export interface LockDoor {
  readonly files: Files;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What is seen of a lock file: whose it is, and a value that changes with every sign of life. */
interface Sighting {
  readonly owner: LockOwner | undefined;
  readonly beat: string;
}

async function sight(files: Files, path: string): Promise<Sighting | undefined> {
  try {
    const text = await files.readFile(path, "utf8");
    const { ino, mtimeMs } = await files.stat(path);
    return { owner: readOwner(text.slice(0, 4096)), beat: `${ino} ${mtimeMs}` };
  } catch (error) {
    if (fileCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Makes the lock file in one step, content included; false when somebody has it. */
async function create(files: Files, path: string, owner: LockOwner): Promise<boolean> {
  const temporary = besides(path);
  try {
    await writeSynced(files, temporary, `${JSON.stringify(owner)}\n`);
    await files.link(temporary, path);
    return true;
  } catch (error) {
    if (fileCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    await files.unlink(temporary).catch(() => {});
  }
}

/**
 * Takes a dead holder's file away. Between looking and taking somebody else may have done so and hold a new
 * lock by now: then what was taken is put back.
 */
async function clear(files: Files, path: string, dead: Sighting): Promise<void> {
  const aside = besides(path);
  try {
    await files.rename(path, aside);
    const taken = await sight(files, aside);
    if (taken?.owner?.id !== dead.owner?.id) await files.link(aside, path);
  } catch (error) {
    if (!["ENOENT", "EEXIST"].includes(fileCode(error))) throw error;
  } finally {
    await files.unlink(aside).catch(() => {});
  }
}

// Touching the file's time needs no room on a full disk, and can never touch another holder's file.
async function showLife(file: FileHandle, clock: Clock): Promise<void> {
  const seconds = clock.now() / 1000;
  await file.utimes(seconds, seconds);
}

class HeldLock implements StoreLock {
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
        if (!(await this.#isOurs())) throw new Error("somebody else took it over");
        await showLife(this.#file, clock);
      }
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      logger.warn("a lock was lost", { path: this.#path, error: errorText(error) });
      this.#lost.abort(error);
    }
  }
}

async function hold(door: LockDoor, path: string, owner: LockOwner): Promise<StoreLock> {
  ownLocks.add(owner.id);
  const file = await door.files.open(path, "r+");
  await showLife(file, door.clock);
  return new HeldLock(door, path, file, owner);
}

/** Watches a lock that somebody holds; gives what there is to say once it is free to be taken. */
class Watch {
  #beat = "";
  #since = 0;

  /** Why the lock may be taken from its holder, or undefined. `now` in ms. */
  verdict(seen: Sighting, now: number): string | undefined {
    if (seen.owner !== undefined && isDead(seen.owner))
      return `its holder, process ${seen.owner.pid}, is dead`;
    // Judged by how long WE saw no sign: clocks of several machines may differ.
    if (seen.beat !== this.#beat) {
      this.#beat = seen.beat;
      this.#since = now;
    }
    return now - this.#since > 2 * freshness ? "its holder shows no life" : undefined;
  }
}

/** One look at the lock: had, or to be looked at again after some time. */
async function lookOnce(
  door: LockDoor,
  path: string,
  owner: LockOwner,
  watch: Watch,
): Promise<StoreLock | number> {
  const { files, clock, logger } = door;
  const seen = await sight(files, path);
  if (seen === undefined) return (await create(files, path, owner)) ? hold(door, path, owner) : 0;
  const verdict = watch.verdict(seen, clock.now());
  if (verdict === undefined) return pollEvery;
  logger.warn("taking over a lock", { path, why: verdict });
  await clear(files, path, seen);
  return 0;
}

/** Waits for the lock at `path` and takes it. Throws `file-unwritable`, or the signal's reason. */
export async function takeLock(door: LockDoor, path: string, signal?: AbortSignal): Promise<StoreLock> {
  const owner: LockOwner = { id: randomUUID(), pid: process.pid, place: ownPlace };
  const watch = new Watch();
  try {
    await makeFolder(door.files, dirname(path));
    for (;;) {
      signal?.throwIfAborted();
      const outcome = await lookOnce(door, path, owner, watch);
      if (typeof outcome !== "number") return outcome;
      if (outcome > 0) await door.clock.sleep(outcome, signal);
    }
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw new PodtrustError("file-unwritable", `${path}: the lock cannot be had: ${errorText(error)}`, {
      cause: error,
    });
  }
}
