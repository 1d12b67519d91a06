import { tags } from "./der.ts";

/** Bytes that are no DER, or do not hold what they should. The only error that reading throws. */
export class DerError extends Error {
  override readonly name = "DerError";
}

/** Longest input, in bytes: a chain of ten certificates with their names is far below it. */
const maxBytes = 128 * 1024;

/** One element that was read. */
export interface Element {
  readonly tag: number;
  readonly content: Buffer;
  /** All of it, with tag and length. */
  readonly encoded: Buffer;
}

function octetAt(bytes: Buffer, at: number): number {
  const octet = bytes[at];
  if (octet === undefined) throw new DerError("an element is cut off");
  return octet;
}

/** The length whose first octet is at `at`, in the one form that DER has for it (X.690 §10.1), and where its end is. */
function lengthAt(bytes: Buffer, at: number): { readonly size: number; readonly end: number } {
  const first = octetAt(bytes, at);
  if (first < 0x80) return { size: first, end: at + 1 };
  const octets = first & 0x7f;
  if (octets === 0 || octets > 3) throw new DerError("an element has a length of no known form");
  let size = 0;
  for (let next = at + 1; next <= at + octets; next += 1) size = size * 256 + octetAt(bytes, next);
  if (size < 0x80 || size < 256 ** (octets - 1)) throw new DerError("a length is longer than it needs to be");
  return { size, end: at + 1 + octets };
}

function elementAt(bytes: Buffer, at: number): Element {
  const tag = octetAt(bytes, at);
  // Certificates have no tag number above 30.
  if ((tag & 0x1f) === 0x1f) throw new DerError("an element has a tag of more than one octet");
  const { size, end } = lengthAt(bytes, at + 1);
  if (end + size > bytes.length) throw new DerError("an element is cut off");
  return { tag, content: bytes.subarray(end, end + size), encoded: bytes.subarray(at, end + size) };
}

/** The elements that stand one after the other in `bytes`. Throws DerError. */
export function elementsOf(bytes: Buffer): readonly Element[] {
  if (bytes.length > maxBytes) throw new DerError(`there are more than ${maxBytes} bytes`);
  const found: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const one = elementAt(bytes, at);
    found.push(one);
    at += one.encoded.length;
  }
  return found;
}

/** The content of an element, which has to be there and have the tag. `what` names it in the DerError. */
export function contentOf(element: Element | undefined, tag: number, what: string): Buffer {
  if (element?.tag !== tag) throw new DerError(`there is no ${what} where one has to be`);
  return element.content;
}

/** The one element that `bytes` are. Throws DerError also where another stands behind it. */
export function onlyElement(bytes: Buffer): Element {
  const [only, ...more] = elementsOf(bytes);
  if (only === undefined || more.length > 0) throw new DerError("there is not exactly one element");
  return only;
}

/** The elements of a SEQUENCE. Throws DerError. */
export function sequenceElements(element: Element | undefined, what: string): readonly Element[] {
  return elementsOf(contentOf(element, tags.sequence, what));
}
