import { randomBytes } from "node:crypto";
import * as promises from "node:fs/promises";
import { dirname } from "node:path";
import { errorText, PodtrustError } from "../base/index.ts";

/** The part of node:fs/promises that the store uses: a test puts a full disk in its place. */
export type Files = Pick<
  typeof promises,
  "open" | "rename" | "mkdir" | "readFile" | "readdir" | "unlink" | "link" | "stat"
>;

export const machineFiles: Files = promises;

// A chain with key is 10 KiB; what is far larger is not ours.
const mostBytes = 1024 * 1024;

/** The code of a file system's error: `ENOENT`. */
export function fileCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** A name beside `path` that nobody else uses. */
export function besides(path: string): string {
  return `${path}.${process.pid}.${randomBytes(6).toString("hex")}.tmp`;
}

/** The text of a file, undefined when there is none. Throws `file-unreadable`. */
export async function readText(files: Files, path: string): Promise<string | undefined> {
  try {
    const { size } = await files.stat(path);
    if (size > mostBytes) throw new Error(`it is ${size} bytes long`);
    return await files.readFile(path, "utf8");
  } catch (error) {
    if (fileCode(error) === "ENOENT") return undefined;
    throw new PodtrustError("file-unreadable", `${path}: ${errorText(error)}`, { cause: error });
  }
}

/** A folder for us alone, with its parents. */
export async function makeFolder(files: Files, path: string): Promise<void> {
  await files.mkdir(path, { recursive: true, mode: 0o700 });
}

/** Makes a file with mode 0600 whose content is on the disk when this resolves. */
export async function writeSynced(files: Files, path: string, text: string): Promise<void> {
  const file = await files.open(path, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(files: Files, path: string): Promise<void> {
  // Windows opens no folders, and keeps their entries by itself.
  if (process.platform === "win32") return;
  const folder = await files.open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * Puts `text` in place of what `path` holds: the old content or the new one is there, whole, at every moment and
 * after a loss of power. Throws `file-unwritable`, and then the old one is.
 */
export async function replaceText(files: Files, path: string, text: string): Promise<void> {
  const temporary = besides(path);
  try {
    await makeFolder(files, dirname(path));
    await writeSynced(files, temporary, text);
    await files.rename(temporary, path);
    await syncFolder(files, dirname(path));
  } catch (error) {
    await files.unlink(temporary).catch(() => {});
    throw new PodtrustError("file-unwritable", `${path}: ${errorText(error)}`, { cause: error });
  }
}
