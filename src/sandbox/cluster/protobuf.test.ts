import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { ProtobufError, readProtobuf } from "./protobuf.ts";

// What kubectl 1.36 sends for `create token demo --audience=sts.amazonaws.com --duration=20m`, made by hand from the
// .proto files: envelope, TypeMeta, and a TokenRequest whose metadata Go writes out though it is empty.
function field(number: number, value: Buffer | string): Buffer {
  const bytes = Buffer.from(value);
  assert.ok(bytes.length < 128);
  return Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes]);
}

function envelope(apiVersion: string, kind: string, raw: Buffer): Buffer {
  const typeMeta = Buffer.concat([field(1, apiVersion), field(2, kind)]);
  return Buffer.concat([Buffer.from("k8s\0"), field(1, typeMeta), field(2, raw), field(3, ""), field(4, "")]);
}

const metadata = field(1, Buffer.concat([field(1, ""), field(3, "")]));

describe("Kubernetes' protobuf", () => {
  test("a TokenRequest is read, the empty strings of Go left out", () => {
    const spec = Buffer.concat([
      field(1, "sts.amazonaws.com"),
      field(1, "other"),
      // int64 1200 under field 4.
      Buffer.from([4 * 8, 0xb0, 0x09]),
    ]);
    const raw = Buffer.concat([metadata, field(2, spec), field(3, "")]);
    assert.deepEqual(readProtobuf(envelope("authentication.k8s.io/v1", "TokenRequest", raw)), {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      metadata: { name: undefined, namespace: undefined },
      spec: { audiences: ["sts.amazonaws.com", "other"], expirationSeconds: 1200 },
    });
  });

  test("a ServiceAccount with labels is read", () => {
    const label = (key: string, value: string): Buffer =>
      field(11, Buffer.concat([field(1, key), field(2, value)]));
    const raw = field(1, Buffer.concat([field(1, "job"), label("a", "b"), label("c", "")]));
    assert.deepEqual(readProtobuf(envelope("v1", "ServiceAccount", raw)), {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "job", labels: { a: "b", c: "" } },
    });
  });

  test("unknown kinds, wire types and lengths are refused", () => {
    const cases = [
      Buffer.from("{}"),
      Buffer.from("k8s\0"),
      envelope("v1", "Secret", Buffer.alloc(0)),
      envelope("v1", "Namespace", Buffer.from([0x0a, 0x05, 0x41])),
      envelope("v1", "Namespace", Buffer.from([0x0b])),
      envelope("v1", "Namespace", Buffer.from([0x08, 0x01])),
      envelope("v1", "Namespace", Buffer.from([0x0a, ...Array<number>(11).fill(0xff)])),
    ];
    for (const bytes of cases) assert.throws(() => readProtobuf(bytes), ProtobufError, bytes.toString("hex"));
  });

  test("any bytes are read or refused, and nothing else is thrown", () => {
    const known = fc.constantFrom("Namespace", "ServiceAccount");
    fc.assert(
      fc.property(known, fc.uint8Array({ maxLength: 120 }), (kind, raw) => {
        try {
          readProtobuf(envelope("v1", kind, Buffer.from(raw)));
        } catch (error) {
          assert.ok(error instanceof ProtobufError, String(error));
        }
      }),
    );
  });
});
