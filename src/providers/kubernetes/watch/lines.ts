const newline = 10;

/**
 * The lines of a stream, each without its end, of at most `maxBytes` bytes. A last one that is not ended was cut and is
 * none. Throws a RangeError at the first byte too many.
 */
export async function* linesOf(body: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Buffer> {
  let begun: Buffer[] = [];
  let size = 0;
  const tooLong = (): RangeError => new RangeError(`a line is longer than ${maxBytes} bytes`);
  for await (const part of body) {
    const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    let from = 0;
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, from)) {
      if (size + end - from > maxBytes) throw tooLong();
      const rest = bytes.subarray(from, end);
      yield begun.length === 0 ? rest : Buffer.concat([...begun, rest]);
      begun = [];
      size = 0;
      from = end + 1;
    }
    if (from === bytes.length) continue;
    size += bytes.length - from;
    if (size > maxBytes) throw tooLong();
    // Copied: a piece of a few bytes would keep all that was read from the socket with it.
    begun.push(Buffer.from(bytes.subarray(from)));
    if (begun.length > 64) begun = [Buffer.concat(begun)];
  }
}
