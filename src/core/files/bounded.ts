import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { collectBytes } from "../base/index.ts";

async function* piecesOf(file: FileHandle): AsyncGenerator<Buffer> {
  for (;;) {
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(64 * 1024) });
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

/** What a shell hands over: `<(program)` and standard input by its name. */
const handedOver = /^\/(?:dev|proc\/self)\/(?:fd\/\d+|stdin)$/u;

/**
 * Opens a file to read. A checkout may have a named pipe where a file is expected, which nobody ever writes to: it is refused,
 * where opening it would wait for ever. A pipe that a shell hands over is read. Throws what node:fs throws, or an Error.
 */
export async function openToRead(path: string): Promise<FileHandle> {
  if (handedOver.test(path)) return open(path);
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  const isPipe = (await file.stat()).isFIFO();
  if (!isPipe) return file;
  await file.close();
  throw new Error("it is a named pipe");
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
  const file = await openToRead(path);
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
