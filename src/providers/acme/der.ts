/**
 * As much of DER (X.690) as certificate requests, challenge certificates and ARI need: writing, and walking
 * through what OpenSSL has read already. A library for it would be a third of the publisher's memory.
 */

function lengthOf(size: number): Buffer {
  if (size < 0x80) return Buffer.of(size);
  const bytes = size.toString(16);
  const octets = Buffer.from(bytes.length % 2 === 0 ? bytes : `0${bytes}`, "hex");
  return Buffer.concat([Buffer.of(0x80 | octets.length), octets]);
}

/** An element: tag, length, content. */
function element(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.of(tag), lengthOf(body.length), body]);
}

export const sequence = (...content: readonly Uint8Array[]): Buffer => element(0x30, ...content);
export const set = (...content: readonly Uint8Array[]): Buffer => element(0x31, ...content);
export const octetString = (...content: readonly Uint8Array[]): Buffer => element(0x04, ...content);
/** Whole octets. */
export const bitString = (content: Uint8Array): Buffer => element(0x03, Buffer.of(0), content);
export const utf8String = (text: string): Buffer => element(0x0c, Buffer.from(text));
export const trueValue = Buffer.of(0x01, 0x01, 0xff);
/** `[n] EXPLICIT`. */
export const explicit = (n: number, ...content: readonly Uint8Array[]): Buffer =>
  element(0xa0 | n, ...content);
/** `[n] IMPLICIT` of something primitive. */
export const implicit = (n: number, content: Uint8Array): Buffer => element(0x80 | n, content);

/** A positive INTEGER of these octets, the most significant first. */
export function integer(octets: Uint8Array): Buffer {
  const [first = 0] = octets;
  return element(0x02, first >= 0x80 ? Buffer.of(0) : Buffer.of(), octets);
}

function base128(arc: number): readonly number[] {
  const digits = [arc & 0x7f];
  for (let rest = arc >>> 7; rest > 0; rest >>>= 7) digits.unshift(0x80 | (rest & 0x7f));
  return digits;
}

/** An OBJECT IDENTIFIER from its dotted form. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return element(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** A time as certificates have it: UTCTime until 2049 (RFC 5280 §4.1.2.5). */
export function utcTime(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/gu, "");
  return element(0x17, Buffer.from(digits.slice(2)));
}

/** One element that was read. */
export interface Read {
  readonly tag: number;
  readonly content: Buffer;
}

/** The elements that stand one after the other in `bytes`. Throws RangeError when they are cut off. */
export function elementsOf(bytes: Buffer): readonly Read[] {
  const found: Read[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes.readUInt8(at);
    const short = bytes.readUInt8(at + 1);
    const octets = short < 0x80 ? 0 : short & 0x7f;
    const size = octets === 0 ? short : bytes.readUIntBE(at + 2, octets);
    const start = at + 2 + octets;
    if (start + size > bytes.length) throw new RangeError("the element is cut off");
    found.push({ tag, content: bytes.subarray(start, start + size) });
    at = start + size;
  }
  return found;
}
