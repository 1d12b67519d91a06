/**
 * Reads the few kinds of objects that kubectl sends as Kubernetes' protobuf: since 1.32 it writes built-in types
 * so. Answers are JSON, which its Accept header allows. The envelope is described at
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding, field numbers are those of the
 * generated.proto files of k8s.io/api and k8s.io/apimachinery.
 */

/** Thrown for bytes of another form. */
export class ProtobufError extends Error {}

type Field = "string" | "strings" | "number" | "map" | Schema;
interface Schema {
  readonly [number: number]: readonly [name: string, field: Field];
}

const metadata: Schema = {
  1: ["name", "string"],
  3: ["namespace", "string"],
  11: ["labels", "map"],
  12: ["annotations", "map"],
};

const boundObjectRef: Schema = { 1: ["kind", "string"], 2: ["apiVersion", "string"], 3: ["name", "string"] };

const resourceAttributes: Schema = {
  1: ["namespace", "string"],
  2: ["verb", "string"],
  3: ["group", "string"],
  4: ["version", "string"],
  5: ["resource", "string"],
  6: ["subresource", "string"],
  7: ["name", "string"],
};

const kinds: Readonly<Record<string, Schema>> = {
  "v1 Namespace": { 1: ["metadata", metadata] },
  "v1 ServiceAccount": { 1: ["metadata", metadata] },
  "authentication.k8s.io/v1 SelfSubjectReview": { 1: ["metadata", metadata] },
  "authentication.k8s.io/v1 TokenRequest": {
    1: ["metadata", metadata],
    2: [
      "spec",
      {
        1: ["audiences", "strings"],
        3: ["boundObjectRef", boundObjectRef],
        4: ["expirationSeconds", "number"],
      },
    ],
  },
  "authorization.k8s.io/v1 SelfSubjectAccessReview": {
    1: ["metadata", metadata],
    2: [
      "spec",
      {
        1: ["resourceAttributes", resourceAttributes],
        2: ["nonResourceAttributes", { 1: ["path", "string"], 2: ["verb", "string"] }],
      },
    ],
  },
};

const unknown = { typeMeta: { 1: ["apiVersion", "string"], 2: ["kind", "string"] } satisfies Schema };
const magic = Buffer.from("k8s\0");

class WireReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 10; shift += 1) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) break;
      this.#at += 1;
      value += (byte & 0x7f) * 128 ** shift;
      if (byte < 0x80) return value;
    }
    throw new ProtobufError("a number ends early");
  }

  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new ProtobufError("a field ends early");
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  /** The next field: a number for wire type 0, bytes otherwise. */
  field(): { readonly number: number; readonly value: number | Uint8Array } {
    const tag = this.varint();
    const number = Math.floor(tag / 8);
    if (tag % 8 === 0) return { number, value: this.varint() };
    if (tag % 8 === 2) return { number, value: this.take(this.varint()) };
    if (tag % 8 === 1) return { number, value: this.take(8) };
    if (tag % 8 === 5) return { number, value: this.take(4) };
    throw new ProtobufError(`wire type ${tag % 8} is not known`);
  }
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}

function bytesOf(value: number | Uint8Array): Uint8Array {
  if (typeof value === "number") throw new ProtobufError("a number stands where text or a message belongs");
  return value;
}

function entryOf(bytes: Uint8Array): Readonly<Record<string, string>> {
  const { key = "", value = "" } = message(bytes, { 1: ["key", "string"], 2: ["value", "string"] });
  return { [String(key)]: String(value) };
}

function read(field: Field, value: number | Uint8Array, before: unknown): unknown {
  if (field === "number") return typeof value === "number" ? value : undefined;
  const bytes = bytesOf(value);
  // Go's encoder writes empty strings where JSON leaves them out.
  if (field === "string") return utf8(bytes) || undefined;
  if (field === "strings") return [...((before as string[] | undefined) ?? []), utf8(bytes)];
  if (field === "map") return { ...(before as object | undefined), ...entryOf(bytes) };
  return message(bytes, field);
}

function message(bytes: Uint8Array, schema: Schema): Record<string, unknown> {
  const reader = new WireReader(bytes);
  const values: Record<string, unknown> = {};
  while (!reader.done) {
    const { number, value } = reader.field();
    const known = schema[number];
    if (known === undefined) continue;
    values[known[0]] = read(known[1], value, values[known[0]]);
  }
  return values;
}

/** The object in its JSON form; throws ProtobufError. */
export function readProtobuf(body: Uint8Array): object {
  if (!Buffer.from(body.subarray(0, 4)).equals(magic))
    throw new ProtobufError("it does not begin with k8s\\0");
  const reader = new WireReader(body.subarray(4));
  let typeMeta: Record<string, unknown> = {};
  let raw: Uint8Array = new Uint8Array();
  while (!reader.done) {
    const { number, value } = reader.field();
    if (number === 1) typeMeta = message(bytesOf(value), unknown.typeMeta);
    if (number === 2) raw = bytesOf(value);
  }
  const { apiVersion, kind } = typeMeta;
  const schema = kinds[`${String(apiVersion)} ${String(kind)}`];
  if (schema === undefined)
    throw new ProtobufError(`${String(apiVersion)} ${String(kind)} is not known here`);
  return { apiVersion, kind, ...message(raw, schema) };
}
