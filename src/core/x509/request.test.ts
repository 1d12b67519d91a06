import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import { describe, test } from "node:test";
import * as der from "./der.ts";
import { signed } from "./keys.ts";
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

const extensionRequest = der.objectIdentifier("1.2.840.113549.1.9.14");

/** An attribute that asks for no extension. */
const attribute = der.sequence(extensionRequest, der.set(der.sequence()));

interface Parts {
  readonly version?: Buffer;
  readonly subject?: Buffer;
  readonly attributes?: readonly Buffer[];
  readonly more?: Buffer;
}

/** The signed content of a request (RFC 2986 §4.1), with parts that are out of the ordinary. */
function infoOf({ publicKey }: KeyPair, parts: Parts = {}): Buffer {
  return der.sequence(
    parts.version ?? der.integer(Buffer.of(0)),
    parts.subject ?? der.sequence(),
    publicKey.export({ type: "spki", format: "der" }),
    der.explicit(0, ...(parts.attributes ?? [])),
    parts.more ?? Buffer.of(),
  );
}

const requestOf = (parts: Parts): Buffer => signed(infoOf(keys, parts), keys.privateKey);
const nameOf = (text: Buffer): Buffer =>
  der.sequence(der.set(der.sequence(der.objectIdentifier("2.5.4.3"), text)));
/** A BMPString, which no certificate has any more. */
const wideText = Buffer.from("1e020061", "hex");

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

  const ecdsa = der.objectIdentifier("1.2.840.10045.4.3.2");
  const rsa = der.objectIdentifier("1.2.840.113549.1.1.11");
  const rsaKeys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  for (const [what, algorithm, by, isSigned] of [
    ["the algorithm of ECDSA with SHA-256", der.sequence(ecdsa), keys, true],
    ["an algorithm that is none", der.sequence(der.objectIdentifier("1.2.840.10045.4.3.9")), keys, false],
    ["ECDSA with SHA-1", der.sequence(der.objectIdentifier("1.2.840.10045.4.1")), keys, false],
    ["ECDSA with parameters", der.sequence(ecdsa, der.nullValue), keys, false],
    ["the algorithm of another kind of key", der.sequence(rsa, der.nullValue), keys, false],
    ["RSA with the parameter NULL", der.sequence(rsa, der.nullValue), rsaKeys, true],
    ["RSA without parameters", der.sequence(rsa), rsaKeys, true],
    ["RSA with other parameters", der.sequence(rsa, der.sequence()), rsaKeys, false],
  ] as const) {
    test(`counts as ${isSigned ? "signed" : "unsigned"} by ${what}`, () => {
      const info = infoOf(by);
      const signature = der.bitString(sign("sha256", info, by.privateKey));
      assert.equal(readRequest(der.sequence(info, algorithm, signature)).isSignedByItsKey(), isSigned);
    });
  }

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
  for (const [what, bytes, said] of [
    ["nothing", Buffer.of(), /not exactly one element/u],
    ["a request with something behind it", Buffer.concat([good, der.nullValue]), /not exactly one/u],
    ["a request whose end is missing", good.subarray(0, -1), /cut off/u],
    [
      "a fourth member",
      der.sequence(infoOf(keys), der.sequence(), der.bitString(Buffer.of()), der.nullValue),
      /other members than three/u,
    ],
    ["a fifth member of its content", requestOf({ more: der.nullValue }), /other members than four/u],
    ["a version that is no number", requestOf({ version: der.nullValue }), /no version/u],
    ["a subject that is no name", requestOf({ subject: der.sequence(der.nullValue) }), /no part of a name/u],
    ["a common name in BMPString", requestOf({ subject: nameOf(wideText) }), /a common name is not/u],
    [
      "extensions that are asked for twice",
      requestOf({ attributes: [attribute, attribute] }),
      /asked for twice/u,
    ],
    [
      "an extension that stands there twice",
      writeRequest(keys, { extensions: [twice, twice] }),
      /stands there twice/u,
    ],
    [
      "a name that is not ASCII",
      withNames(der.sequence(der.implicit(2, Buffer.from("ä", "latin1")))),
      /not ASCII/u,
    ],
    ["a name of no known kind", withNames(der.sequence(der.implicit(9, Buffer.from("a")))), /no known kind/u],
    [
      "an address of five octets",
      withNames(der.sequence(der.implicit(7, Buffer.alloc(5)))),
      /neither 4 nor 16/u,
    ],
    ["names that are no list", withNames(der.implicit(2, Buffer.from("a"))), /no list of names/u],
  ] as const) {
    test(`is not read from ${what}`, () => {
      assert.throws(
        () => readRequest(bytes),
        (error) => error instanceof DerError && said.test(error.message),
      );
    });
  }

  test("is read without attributes, and with a common name in PrintableString", () => {
    const printable = Buffer.from("130161", "hex");
    const read = readRequest(requestOf({ subject: nameOf(printable) }));
    assert.deepEqual([read.commonNames, read.names, read.isSignedByItsKey()], [["a"], [], true]);
    // RFC 2986 has the list of attributes always; OpenSSL takes requests without it as well.
    const key = keys.publicKey.export({ type: "spki", format: "der" });
    const bare = der.sequence(der.integer(Buffer.of(0)), der.sequence(), key);
    assert.ok(readRequest(signed(bare, keys.privateKey)).isSignedByItsKey());
  });
});
