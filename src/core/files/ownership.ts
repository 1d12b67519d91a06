import type { Stats } from "node:fs";
import { dirname, isAbsolute, join, parse, resolve, sep } from "node:path";
import process from "node:process";
import { errorText, PodtrustError, shellWord } from "../base/index.ts";
import { fileCode, type Files } from "./machine.ts";

/** What decides whether a file or folder can be trusted. */
type OwnerAndMode = Pick<Stats, "uid" | "mode">;

// As the kernel bounds a walk through symbolic links (ELOOP).
const maxLinks = 40;

const othersWrite = 0o022;
const sticky = 0o1000;

/** Who may own what we read and write: this process's user and root. Undefined where there are no owners (Windows). */
function ownUser(): number | undefined {
  return process.geteuid?.();
}

function modeText(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}

function isOurs(facts: OwnerAndMode, user: number): boolean {
  return facts.uid === user || facts.uid === 0;
}

function refusal(path: string, facts: OwnerAndMode, what: string, user: number): PodtrustError {
  const writable = (facts.mode & othersWrite) !== 0;
  const steps = [
    ...(isOurs(facts, user) ? [] : [`chown ${user} ${shellWord(path)}`]),
    ...(writable ? [`chmod go-w ${shellWord(path)}`] : []),
  ];
  const shared = (facts.mode & sticky) !== 0;
  return new PodtrustError(
    "state-permissions",
    `${path} is owned by user ${facts.uid} and has mode ${modeText(facts.mode)}: ${what} has to belong to user ${user} (this process's) or root, and no other user may write to it`,
    {
      next: shared
        ? "Name a folder inside it for the state."
        : `Name another state folder, or, when you trust what is in it: ${steps.join(" && ")}`,
      detail: { path, owner: facts.uid, mode: modeText(facts.mode), user },
    },
  );
}

/** Throws `state-permissions` when others could have written this file or folder. */
export function checkOwnership(path: string, facts: OwnerAndMode, what: string): void {
  const user = ownUser();
  if (user === undefined || (isOurs(facts, user) && (facts.mode & othersWrite) === 0)) return;
  throw refusal(path, facts, what, user);
}

/** Throws `state-permissions` when others may read this file, or enter this folder, of secrets. */
export function checkPrivacy(path: string, { mode }: OwnerAndMode): void {
  if (ownUser() === undefined || (mode & 0o077) === 0) return;
  throw new PodtrustError(
    "state-permissions",
    `${path} has mode ${modeText(mode)}: it is for secrets, and other users may read or enter it`,
    {
      next: `Take a private key in it for stolen where others use this machine. Otherwise: chmod go= ${shellWord(path)}`,
      detail: { path, mode: modeText(mode) },
    },
  );
}

/** The same of a file that another user maintains, too: that user's group may be how it gets to us (systemd, a kubelet). */
export function checkReaders(path: string, facts: OwnerAndMode): void {
  const user = ownUser();
  if (user === undefined || !isExposed(facts, user)) return;
  checkPrivacy(path, facts);
}

/**
 * Whether others than its intended readers can read a file. A file of another user is maintained by that user, and gets to us
 * through its group.
 */
export function isExposed({ mode, uid }: OwnerAndMode, user: number): boolean {
  return (mode & (uid === user ? 0o044 : 0o004)) !== 0;
}

function checkAbove(path: string, facts: OwnerAndMode): void {
  // No user can rename or remove another's entry in a sticky folder: /tmp is safe above a folder of ours.
  if ((facts.mode & sticky) === 0) return checkOwnership(path, facts, "a folder above state");
  return checkOwnership(path, { uid: facts.uid, mode: facts.mode & ~othersWrite }, "a folder above state");
}

async function lstatOf(files: Files, path: string): Promise<Stats | undefined> {
  try {
    return await files.lstat(path);
  } catch (error) {
    if (fileCode(error) === "ENOENT") return undefined;
    throw new PodtrustError("file-unreadable", `${path}: ${errorText(error)}`, {
      cause: error,
      detail: { path },
    });
  }
}

/** A walk along a path, one name at a time, through the links that stand in it. */
class Walk {
  readonly #files: Files;
  readonly #path: string;
  #here: string;
  #ahead: string[];
  #links = 0;

  constructor(files: Files, path: string) {
    this.#files = files;
    this.#path = path;
    this.#here = parse(path).root;
    this.#ahead = this.#names(path);
  }

  async arrives(): Promise<boolean> {
    checkAbove(this.#here, await this.#files.lstat(this.#here));
    for (let name = this.#ahead.shift(); name !== undefined; name = this.#ahead.shift()) {
      if (name === "..") this.#here = dirname(this.#here);
      else if (!(await this.#step(join(this.#here, name)))) return false;
    }
    return true;
  }

  async #step(next: string): Promise<boolean> {
    const facts = await lstatOf(this.#files, next);
    if (facts === undefined) return false;
    if (facts.isSymbolicLink()) {
      await this.#follow(next, facts);
      return true;
    }
    if (!facts.isDirectory())
      throw new PodtrustError("file-unwritable", `${next} is not a folder`, { detail: { path: next } });
    if (this.#ahead.length === 0) checkOwnership(next, facts, "a state folder");
    else checkAbove(next, facts);
    this.#here = next;
    return true;
  }

  async #follow(link: string, facts: Stats): Promise<void> {
    this.#links += 1;
    if (this.#links > maxLinks)
      throw new PodtrustError("file-unreadable", `${this.#path}: too many symbolic links`);
    // A link has an owner and no mode of its own.
    checkOwnership(link, { uid: facts.uid, mode: 0o755 }, "a symbolic link on the way to state");
    const target = await this.#files.readlink(link);
    if (isAbsolute(target)) this.#here = parse(target).root;
    this.#ahead = [...this.#names(target), ...this.#ahead];
  }

  #names(path: string): string[] {
    const names = path.slice(parse(path).root.length).split(sep);
    return names.filter((one) => one !== "" && one !== ".");
  }
}

/**
 * Walks to the folder `path` as the kernel does and looks at every folder and symbolic link on the way: each has to
 * belong to this process's user or root, and no one else may write to one of the folders, but to sticky ones above the
 * last. What passes cannot be changed by others afterwards either.
 *
 * False when the folder is not there (what exists of the path to it has passed). Throws `state-permissions` with path,
 * owner, mode and what to do, or `file-unreadable`, or `file-unwritable` where a file is in a folder's place.
 */
export async function checkFolder(files: Files, path: string): Promise<boolean> {
  const absolute = resolve(path);
  if (ownUser() === undefined) return (await lstatOf(files, absolute)) !== undefined;
  return new Walk(files, absolute).arrives();
}
