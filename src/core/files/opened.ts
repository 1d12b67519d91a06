import { type FileHandle, realpath, stat } from "node:fs/promises";
import { boundedText } from "./bounded.ts";

/** A file as it was opened once: where it really is, and what was read from it. */
export interface OpenedText {
  readonly text: string;
  /**
   * Where the opened file is, without a symbolic link on the way; undefined where that cannot be known, as for a pipe
   * or for a file that was replaced meanwhile.
   */
  readonly realPath: string | undefined;
}

/** The real path of a descriptor: that of its name, if the same file is there. */
async function realPathOf(file: FileHandle, path: string): Promise<string | undefined> {
  try {
    const found = await realpath(path);
    const [opened, there] = await Promise.all([file.stat({ bigint: true }), stat(found, { bigint: true })]);
    const isSame = opened.dev === there.dev && opened.ino === there.ino;
    return isSame && opened.isFile() ? found : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The text (UTF-8) of a file of at most `maxBytes` bytes that was opened by this name, and where it was read from: what is
 * judged by its place is what was read. Throws what node:fs throws, or a RangeError for a longer file.
 */
export async function openedText(file: FileHandle, path: string, maxBytes: number): Promise<OpenedText> {
  const realPath = await realPathOf(file, path);
  return { text: await boundedText(file, maxBytes), realPath };
}
