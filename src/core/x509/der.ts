/** DER (X.690), written: as much of it as certificates and certificate requests need. */

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The tag of `[n] EXPLICIT`, or of `[n] IMPLICIT` of something constructed. */
export const constructedTag = (n: number): number => 0xa0 | n;
/** The tag of `[n] IMPLICIT` of something primitive. */
export const primitiveTag = (n: number): number => 0x80 | n;

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

export const sequence = (...content: readonly Uint8Array[]): Buffer => element(tags.sequence, ...content);
export const set = (...content: readonly Uint8Array[]): Buffer => element(tags.set, ...content);
export const octetString = (...content: readonly Uint8Array[]): Buffer =>
  element(tags.octetString, ...content);
/** Whole octets. */
export const bitString = (content: Uint8Array): Buffer => element(tags.bitString, Buffer.of(0), content);
export const utf8String = (text: string): Buffer => element(tags.utf8String, Buffer.from(text));
export const trueValue = element(tags.boolean, Buffer.of(0xff));
export const nullValue = element(tags.null);
/** `[n] EXPLICIT`. */
export const explicit = (n: number, ...content: readonly Uint8Array[]): Buffer =>
  element(constructedTag(n), ...content);
/** `[n] IMPLICIT` of something primitive. */
export const implicit = (n: number, content: Uint8Array): Buffer => element(primitiveTag(n), content);

/** A BIT STRING of up to eight named bits, bit 0 the highest; zero bits at its end are left out (X.690 §11.2.2). */
export function namedBits(bits: number): Buffer {
  const unused = bits === 0 ? 0 : 31 - Math.clz32(bits & -bits);
  return element(tags.bitString, Buffer.of(unused), bits === 0 ? Buffer.of() : Buffer.of(bits));
}

/** A positive INTEGER of these octets, the most significant first. */
export function integer(octets: Uint8Array): Buffer {
  const [first = 0] = octets;
  return element(tags.integer, first >= 0x80 ? Buffer.of(0) : Buffer.of(), octets);
}

function base128(arc: number): readonly number[] {
  const digits = [arc & 0x7f];
  for (let rest = arc >>> 7; rest > 0; rest >>>= 7) digits.unshift(0x80 | (rest & 0x7f));
  return digits;
}

/** An OBJECT IDENTIFIER from its dotted form. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return element(tags.objectIdentifier, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** A time as certificates have it: UTCTime from 1950 until 2049, else GeneralizedTime (RFC 5280 §4.1.2.5). */
export function time(date: Date): Buffer {
  const digits = Buffer.from(date.toISOString().replaceAll(/[-:T]|\.\d+/gu, ""));
  const year = date.getUTCFullYear();
  return year >= 1950 && year < 2050
    ? element(tags.utcTime, digits.subarray(2))
    : element(tags.generalizedTime, digits);
}
