import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import * as der from "./der.ts";
import {
  DerError,
  type KeyPair,
  newSigningRequest,
  readRequest,
  subjectAltName,
  writeRequest,
} from "./index.ts";

const names = ["a.example.com", "*.example.com", "192.0.2.1", "2001:db8::1"];
const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
const content = { subject: { commonName: "a.example.com" }, extensions: [subjectAltName(names)] };

/** A request of which one element is another. */
function changed(from: Buffer, to: Buffer): Buffer {
  const request = writeRequest(keys, content);
  const at = request.indexOf(from);
  assert.ok(at > 0 && from.length === to.length);
  return Buffer.concat([request.subarray(0, at), to, request.subarray(at + to.length)]);
}

describe("a certificate request", () => {
  test("is read with the names and the key that it was written with", async () => {
    const { key, csr } = await newSigningRequest(names);
    const read = readRequest(Buffer.from(csr));
    assert.deepEqual(
      read.names.map(({ value }) => value),
      names,
    );
    assert.deepEqual(read.commonNames, []);
    assert.ok(read.isSignedByItsKey());
    const { x, y } = createPrivateKey(key).export({ format: "jwk" });
    assert.deepEqual(
      { x, y },
      { x: read.publicKey.export({ format: "jwk" }).x, y: read.publicKey.export({ format: "jwk" }).y },
    );
    assert.deepEqual(readRequest(writeRequest(keys, content)).commonNames, ["a.example.com"]);
  });

  for (const [what, pair] of [
    ["RSA", generateKeyPairSync("rsa", { modulusLength: 2048 })],
    ["P-256", keys],
    ["P-384", generateKeyPairSync("ec", { namedCurve: "P-384" })],
  ] as const satisfies readonly (readonly [string, KeyPair])[]) {
    test(`is signed by its own key, of ${what}, and not by that of another`, () => {
      const request = writeRequest(pair, content);
      assert.ok(readRequest(request).isSignedByItsKey());
      const other = writeRequest(
        { ...pair, privateKey: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey },
        content,
      );
      assert.equal(readRequest(other).isSignedByItsKey(), false);
      const altered = Buffer.from(request);
      const last = altered.length - 1;
      altered[last] = (altered[last] ?? 0) ^ 1;
      assert.equal(readRequest(altered).isSignedByItsKey(), false);
    });
  }

  test("counts as unsigned when its algorithm is SHA-1's or has parameters that are none", () => {
    const sha256 = der.objectIdentifier("1.2.840.10045.4.3.2");
    // ecdsa-with-SHA1 (1.2.840.10045.4.1) has one octet less.
    const unknown = der.objectIdentifier("1.2.840.10045.4.3.9");
    assert.equal(readRequest(changed(sha256, unknown)).isSignedByItsKey(), false);
  });

  test("that names other things than hosts is read with the kind of each", () => {
    const others = der.sequence(
      der.implicit(1, Buffer.from("a@example.com")),
      der.implicit(6, Buffer.from("https://example.com/")),
      der.explicit(4, der.sequence()),
      der.implicit(8, Buffer.of(0x2a)),
    );
    const request = writeRequest(keys, { extensions: [{ oid: "2.5.29.17", value: others }] });
    assert.deepEqual(readRequest(request).names, [
      { type: "email", value: "a@example.com" },
      { type: "url", value: "https://example.com/" },
      { type: "dn", value: "3000" },
      { type: "id", value: "2a" },
    ]);
  });

  const withNames = (value: Uint8Array): Buffer =>
    writeRequest(keys, { extensions: [{ oid: "2.5.29.17", value }] });
  const good = writeRequest(keys, content);
  const twice = subjectAltName(names);
  for (const [what, bytes] of [
    ["nothing", Buffer.of()],
    ["more than 128 KiB", Buffer.alloc(128 * 1024 + 1, 0x30)],
    ["a request with something behind it", Buffer.concat([good, Buffer.of(5, 0)])],
    ["a request whose end is missing", good.subarray(0, -1)],
    ["a length that never ends", Buffer.from("30800201000000", "hex")],
    ["a length in more octets than it needs", Buffer.from("30820003020100", "hex")],
    ["a tag of more than one octet", Buffer.from("3f8101020100", "hex")],
    ["a certificate's first field alone", der.sequence(der.integer(Buffer.of(1)))],
    ["an extension that is asked for twice", writeRequest(keys, { extensions: [twice, twice] })],
    ["a name that is not ASCII", withNames(der.sequence(der.implicit(2, Buffer.from("ä", "latin1"))))],
    ["a name of no known kind", withNames(der.sequence(der.implicit(9, Buffer.from("a"))))],
    ["an address of five octets", withNames(der.sequence(der.implicit(7, Buffer.alloc(5))))],
    ["names that are no list", withNames(der.implicit(2, Buffer.from("a")))],
  ] as const) {
    test(`is not read from ${what}`, () => {
      assert.throws(() => readRequest(bytes), DerError);
    });
  }
});
