import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errorText, PodtrustError } from "../base/index.ts";

function unwritable(path: string): (cause: unknown) => never {
  return (cause) => {
    const sentence = `${path} cannot be written: ${errorText(cause)}`;
    throw new PodtrustError("file-unwritable", sentence, { cause, detail: { path } });
  };
}

/** A new folder of this user's alone, its name beginning with `name`. Throws `file-unwritable`. */
export function makeFolder(parent: string, name: string): Promise<string> {
  const path = join(parent, name);
  return mkdtemp(path).catch(unwritable(path));
}

/** Writes a file that may hold a credential, hence 0600, and gives its path. Throws `file-unwritable`. */
export async function writePrivateFile(folder: string, name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text, { mode: 0o600 }).catch(unwritable(path));
  return path;
}
