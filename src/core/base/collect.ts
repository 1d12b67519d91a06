const firstRoom = 16 * 1024;

/**
 * All bytes of a stream (of a file, a request, an answer), of which at most `maxBytes` are taken: the first that is
 * too many ends the reading. However small the pieces are in which they come, no more than twice the bytes that came
 * are held. Throws a RangeError for more, and what the stream throws. `taken` is called after each piece with the size
 * held, and the next is not asked for before its promise has resolved.
 */
export async function collectBytes(
  source: AsyncIterable<Uint8Array | string>,
  maxBytes: number,
  taken: (held: number) => Promise<void> | undefined = () => undefined,
): Promise<Buffer> {
  // Pieces are copied: each of a few bytes would keep all that was read from the socket with it.
  let held = Buffer.alloc(0);
  let size = 0;
  for await (const part of source) {
    const bytes = typeof part === "string" ? Buffer.from(part) : part;
    if (size + bytes.length > maxBytes) throw new RangeError(`it is longer than ${maxBytes} bytes`);
    if (size + bytes.length > held.length) {
      const room = Math.max(firstRoom, 2 * held.length, size + bytes.length);
      const grown = Buffer.alloc(Math.min(maxBytes, room));
      held.copy(grown, 0, 0, size);
      held = grown;
    }
    held.set(bytes, size);
    size += bytes.length;
    const waits = taken(held.length);
    if (waits !== undefined) await waits;
  }
  return held.subarray(0, size);
}
