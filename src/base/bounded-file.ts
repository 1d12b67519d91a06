import { open } from "node:fs/promises";

/**
 * The text (UTF-8) of a file of at most `maxBytes` bytes. What is counted is what is read, not what the file system
 * says of its size: a device or a pipe has none, and a file may grow meanwhile.
 *
 * Throws what node:fs throws, or a RangeError for a longer file.
 */
export async function readBoundedText(path: string, maxBytes: number): Promise<string> {
  const file = await open(path);
  try {
    const parts: Buffer[] = [];
    let size = 0;
    for (;;) {
      const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(64 * 1024) });
      if (bytesRead === 0) return Buffer.concat(parts).toString("utf8");
      size += bytesRead;
      if (size > maxBytes) throw new RangeError(`it is longer than ${maxBytes} bytes`);
      parts.push(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
