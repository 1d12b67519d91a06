import { type FileHandle, open } from "node:fs/promises";
import { collectBytes } from "../base/index.ts";

async function* piecesOf(file: FileHandle): AsyncGenerator<Buffer> {
  for (;;) {
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(64 * 1024) });
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

/** The text (UTF-8) of an open file, from its start, of at most `maxBytes` bytes. Throws a RangeError for more. */
export async function boundedText(file: FileHandle, maxBytes: number): Promise<string> {
  return (await collectBytes(piecesOf(file), maxBytes)).toString("utf8");
}

/**
 * A file of at most `maxBytes` bytes. What is counted is what is read, not what the file system says of its size: a
 * device or a pipe has none, and a file may grow meanwhile.
 *
 * Throws what node:fs throws, or a RangeError for a longer file.
 */
export async function readBounded(path: string, maxBytes: number): Promise<Buffer> {
  const file = await open(path);
  try {
    return await collectBytes(piecesOf(file), maxBytes);
  } finally {
    await file.close();
  }
}

/** The same as text (UTF-8). */
export async function readBoundedText(path: string, maxBytes: number): Promise<string> {
  return (await readBounded(path, maxBytes)).toString("utf8");
}
