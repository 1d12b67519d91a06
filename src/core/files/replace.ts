import { dirname } from "node:path";
import process from "node:process";
import { errorText, PodtrustError } from "../base/index.ts";
import { besides, fileCode, type Files, machineFiles } from "./machine.ts";

/** Makes a file, of mode 0600 by default, whose content is on the disk when this resolves. */
async function writeSynced(
  files: Files,
  path: string,
  content: string | Uint8Array,
  mode = 0o600,
): Promise<void> {
  const file = await files.open(path, "wx", mode);
  try {
    // Whatever the umask is.
    if (mode !== 0o600) await file.chmod(mode);
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Has a folder's entries outlive a loss of power. */
export async function syncFolder(files: Files, path: string): Promise<void> {
  // Windows opens no folders, and keeps their entries by itself.
  if (process.platform === "win32") return;
  const folder = await files.open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Makes a file in one step, content included; false, and nothing is changed, where there is one of that name. */
export async function createText(files: Files, path: string, text: string | Uint8Array): Promise<boolean> {
  const temporary = besides(path);
  try {
    await writeSynced(files, temporary, text);
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
 * Makes a file (mode 0600) in one step, content included, in a folder that is there; it outlives a loss of power. Throws
 * `file-unwritable`, also where there is one of that name: that one stays.
 */
export async function createFile(
  path: string,
  content: string | Uint8Array,
  files: Files = machineFiles,
): Promise<void> {
  try {
    if (!(await createText(files, path, content))) throw new Error("there is a file of that name");
    await syncFolder(files, dirname(path));
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** The error of a file or folder that cannot be written: `file-unwritable`. */
export function unwritable(path: string, cause: unknown): PodtrustError {
  return new PodtrustError("file-unwritable", `${path} cannot be written: ${errorText(cause)}`, {
    cause,
    detail: { path },
  });
}

/**
 * Puts `text` (mode 0600 by default) in place of what `path` holds, in a folder that is there: the old content or the new one
 * is there, whole, at every moment and after a loss of power. Throws `file-unwritable`, and then the old one is.
 */
export async function replaceText(
  path: string,
  text: string,
  files: Files = machineFiles,
  mode = 0o600,
): Promise<void> {
  const temporary = besides(path);
  try {
    await writeSynced(files, temporary, text, mode);
    await files.rename(temporary, path);
    await syncFolder(files, dirname(path));
  } catch (error) {
    await files.unlink(temporary).catch(() => {});
    throw unwritable(path, error);
  }
}
