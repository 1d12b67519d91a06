/**
 * All bytes of a stream (of a file, a request, an answer), of which at most `maxBytes` are taken: the first that is
 * too many ends the reading. Throws a RangeError for more, and what the stream throws.
 */
export async function collectBytes(
  source: AsyncIterable<Uint8Array | string>,
  maxBytes: number,
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of source) {
    const bytes = typeof part === "string" ? Buffer.from(part) : part;
    size += bytes.length;
    if (size > maxBytes) throw new RangeError(`it is longer than ${maxBytes} bytes`);
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}
