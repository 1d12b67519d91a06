/**
 * As much of protobuf's encoding as the messages of two services need: v1.ExternalJWTSigner and the CRI.
 * Source: https://protobuf.dev/programming-guides/encoding/
 */

const varintType = 0;
const sixtyFourBits = 1;
const lengthDelimited = 2;
const thirtyTwoBits = 5;

// A varint of 64 bits has ten bytes at most.
const maxVarint = 10;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  while (left > 127) {
    bytes.push((left % 128) | 128);
    left = Math.floor(left / 128);
  }
  return Buffer.from([...bytes, left]);
}

/** A field of bytes, text or a message in a message; nothing for an empty one, which is the default. */
export function bytesField(field: number, value: Uint8Array | string): Buffer {
  const content = typeof value === "string" ? Buffer.from(value) : value;
  if (content.length === 0) return Buffer.alloc(0);
  return Buffer.concat([varint(field * 8 + lengthDelimited), varint(content.length), content]);
}

/** A field of a whole number from 0 to 2^53 - 1; nothing for 0, which is the default. */
export function numberField(field: number, value: number): Buffer {
  return value === 0 ? Buffer.alloc(0) : Buffer.concat([varint(field * 8 + varintType), varint(value)]);
}

/** One field of a message: its number, and a whole number or bytes. */
interface Field {
  readonly number: number;
  readonly value: number | Buffer;
}

/** Reads a message from its first byte to its last. Throws a RangeError where it ends too early or is malformed. */
class MessageReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  *fields(): Generator<Field> {
    while (this.#at < this.#bytes.length) {
      const tag = this.#varint();
      yield { number: Math.floor(tag / 8), value: this.#value(tag % 8) };
    }
  }

  #varint(): number {
    let [value, scale] = [0, 1];
    for (let count = 0; count < maxVarint; count += 1) {
      const byte = this.#take(1)[0] ?? 0;
      value += (byte % 128) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
    throw new RangeError("a number has more than ten bytes");
  }

  #take(count: number): Buffer {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new RangeError("a message ends within a field");
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  #value(type: number): number | Buffer {
    if (type === lengthDelimited) return this.#take(this.#varint());
    if (type === varintType) return this.#varint();
    if (type === sixtyFourBits) return this.#take(8);
    if (type === thirtyTwoBits) return this.#take(4);
    throw new RangeError(`a field is of the unknown type ${type}`);
  }
}

/**
 * Every field of bytes with this number, in their order: a repeated one. Fields that are not known are passed over. Throws a
 * RangeError for a malformed message.
 */
export function allBytesOf(message: Buffer, field: number): readonly Buffer[] {
  const fields = [...new MessageReader(message).fields()];
  return fields.flatMap(({ number, value }) =>
    number === field && typeof value !== "number" ? [value] : [],
  );
}

/** The last of them, as readers of protobuf take it; empty where there is none. Throws as `allBytesOf` does. */
export function bytesOf(message: Buffer, field: number): Buffer {
  return allBytesOf(message, field).at(-1) ?? Buffer.alloc(0);
}

/** The last whole number with this field's number; 0 where there is none, which is the default. Throws as `allBytesOf` does. */
export function numberOf(message: Buffer, field: number): number {
  const fields = [...new MessageReader(message).fields()];
  const found = fields.findLast(({ number, value }) => number === field && typeof value === "number");
  return Number(found?.value ?? 0);
}
