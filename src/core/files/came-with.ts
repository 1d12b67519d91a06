import { realpath } from "node:fs/promises";
import { sep } from "node:path";

/** Whether a path is a folder, or below it, by the names alone. */
export const isInside = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);

/** A path without a symbolic link on the way; undefined where nothing is there. */
export const realPathOf = (path: string): Promise<string | undefined> =>
  realpath(path).catch(() => undefined);

/** Whether a file, by its real path, lies in a folder: then it came with what else is there. */
export async function cameWith(realPath: string | undefined, folder: string): Promise<boolean> {
  const real = await realPathOf(folder);
  return realPath !== undefined && real !== undefined && isInside(realPath, real);
}
