import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { type Clock, errorText, type Logger, PodtrustError, silentLogger } from "../base/index.ts";
import { boundedText } from "./bounded.ts";
import { type FileLock, type LockOwner, takeLock } from "./lock.ts";
import { fileCode, type Files, machineFiles } from "./machine.ts";
import { checkFolder, checkOwnership, checkPrivacy } from "./ownership.ts";
import { createText, replaceText, syncFolder, unwritable } from "./replace.ts";

// A pipe in a file's place would keep an ordinary open waiting for its writer.
const readFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

// The largest state that is kept, a hundred keys or a chain, is a tenth of this.
const defaultLimit = 1024 * 1024;

export interface LockOptions {
  readonly clock: Clock;
  readonly logger?: Logger;
  /** Ends the waiting with its reason. */
  readonly signal?: AbortSignal;
  /** Gives the error to end with when a living process holds the lock; without it the lock is waited for. */
  readonly busy?: (owner: LockOwner) => PodtrustError;
}

function unreadable(path: string, cause: unknown): PodtrustError {
  if (cause instanceof PodtrustError) return cause;
  return new PodtrustError("file-unreadable", `${path}: ${errorText(cause)}`, { cause, detail: { path } });
}

/** Makes one folder, which another process may have made meanwhile; false where its parent is missing. */
async function makeFolder(files: Files, path: string): Promise<boolean> {
  try {
    await files.mkdir(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if (fileCode(error) === "EEXIST") return true;
    if (fileCode(error) === "ENOENT") return false;
    throw error;
  }
}

// Node's own recursive mkdir never ends where a folder that is there refuses with ENOENT, as /proc does.
async function makeFolders(files: Files, path: string): Promise<void> {
  if (await makeFolder(files, path)) return;
  if (dirname(path) !== path) await makeFolders(files, dirname(path));
  if (!(await makeFolder(files, path))) throw new Error(`${path} cannot be made`);
}

/**
 * A folder that holds state of ours: keys, documents, what must not come from another user. Before anything in it is
 * read or written, owner and mode of the folder and of all above it are checked, then those of the file
 * (`state-permissions`). Folders are made with mode 0700 when something is first written, files with 0600; reading
 * makes nothing, so that a folder that is read-only gives what it has.
 */
export class StateFolder {
  readonly path: string;
  readonly #files: Files;
  readonly #above: StateFolder | undefined;

  constructor(path: string, files: Files = machineFiles, above?: StateFolder) {
    this.path = resolve(path);
    this.#files = files;
    this.#above = above;
  }

  /** A folder in this one. */
  folder(name: string): StateFolder {
    return new StateFolder(this.pathOf(name), this.#files, this);
  }

  /** Where a file of it is. */
  pathOf(name: string): string {
    return join(this.path, name);
  }

  /** Whether the folder is there; throws `state-permissions` when others could have written it. */
  async check(): Promise<boolean> {
    if (this.#above !== undefined) await this.#above.check();
    return checkFolder(this.#files, this.path);
  }

  /** Makes the folder and those above it where they are not there. Throws `state-permissions`, `file-unwritable`. */
  async make(): Promise<void> {
    if (await this.check()) return;
    try {
      await makeFolders(this.#files, this.path);
    } catch (error) {
      throw unwritable(this.path, error);
    }
    // Another user may have been faster where all may write, as in /tmp.
    await this.check();
  }

  /**
   * The same for a folder that no other user may enter. Throws `state-permissions` also for one that others may enter.
   */
  async makePrivate(): Promise<void> {
    await this.make();
    checkPrivacy(this.path, await this.#files.lstat(this.path));
  }

  /**
   * The text of a file of at most `maxBytes` bytes (1 MiB by default); undefined when there is none. Throws
   * `state-permissions`, or `file-unreadable` also for what is no regular file.
   */
  read(name: string, maxBytes: number = defaultLimit): Promise<string | undefined> {
    return this.#read(name, maxBytes, () => {});
  }

  /** The same of a file with a private key, which others may not read either: mode 0600 or less. */
  readSecret(name: string, maxBytes: number = defaultLimit): Promise<string | undefined> {
    return this.#read(name, maxBytes, checkPrivacy);
  }

  async #read(name: string, maxBytes: number, check: typeof checkPrivacy): Promise<string | undefined> {
    const path = this.pathOf(name);
    if (!(await this.check())) return undefined;
    let file: FileHandle;
    try {
      file = await this.#files.open(path, readFlags);
    } catch (error) {
      if (fileCode(error) === "ENOENT") return undefined;
      throw unreadable(path, fileCode(error) === "ELOOP" ? new Error("it is a symbolic link") : error);
    }
    try {
      const facts = await file.stat();
      if (!facts.isFile()) throw new Error("it is no regular file");
      checkOwnership(path, facts, "a file of state");
      check(path, facts);
      return await boundedText(file, maxBytes);
    } catch (error) {
      throw unreadable(path, error);
    } finally {
      await file.close();
    }
  }

  /**
   * Puts a text in place of what a file holds: the old content or the new one is there, whole, at every moment and
   * after a loss of power. Throws `state-permissions` or `file-unwritable`, and then the old one is.
   */
  async replace(name: string, text: string): Promise<void> {
    await this.make();
    await replaceText(this.pathOf(name), text, this.#files);
  }

  /**
   * Makes a file in one step, content included; false, and nothing is changed, where there is one of that name. What was
   * made outlives a loss of power. Throws `state-permissions` or `file-unwritable`.
   */
  async create(name: string, text: string | Uint8Array): Promise<boolean> {
    await this.make();
    const path = this.pathOf(name);
    try {
      const isMade = await createText(this.#files, path, text);
      if (isMade) await syncFolder(this.#files, this.path);
      return isMade;
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  /** Gives a file another name in the folder. Throws `file-unwritable`. */
  async rename(name: string, next: string): Promise<void> {
    const path = this.pathOf(name);
    try {
      await this.#files.rename(path, this.pathOf(next));
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  /** Takes a file away, where there is one. Throws `state-permissions`, `file-unwritable`. */
  async remove(name: string): Promise<void> {
    if (!(await this.check())) return;
    const path = this.pathOf(name);
    try {
      await this.#files.unlink(path);
      await syncFolder(this.#files, this.path);
    } catch (error) {
      if (fileCode(error) !== "ENOENT") throw unwritable(path, error);
    }
  }

  /**
   * Takes the lock of this name, in this process and across all that share the folder. It keeps itself fresh until
   * released. One whose holder is dead, or has shown no sign of life for twice its interval, is taken over. Throws
   * `state-permissions`, `file-unwritable`, the signal's reason, or what `busy` gives.
   */
  async lock(name: string, options: LockOptions): Promise<FileLock> {
    await this.make();
    const door = { files: this.#files, clock: options.clock, logger: options.logger ?? silentLogger };
    return takeLock(door, this.pathOf(name), options);
  }
}
