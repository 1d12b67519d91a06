import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { replaceText, unwritable } from "../core/files/index.ts";

/** A new folder of this user's alone, its name beginning with `name`. Throws `file-unwritable`. */
export async function makeFolder(parent: string, name: string): Promise<string> {
  const path = join(parent, name);
  try {
    return await mkdtemp(path);
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** Writes a file that may hold a credential, hence 0600, and gives its path. Throws `file-unwritable`. */
export async function writePrivateFile(folder: string, name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await replaceText(path, text);
  return path;
}
