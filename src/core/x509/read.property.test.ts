/** Whatever bytes are read as certificates and requests, there is a value or a DerError, and nothing else. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import {
  allowsDigitalSignature,
  alternativeNamesOf,
  authorityKeyIdentifierOf,
  basicConstraintsOf,
  createAuthority,
  DerError,
  issueCertificate,
  readRequest,
  serialNumberOf,
  subjectAltName,
  writeRequest,
} from "./index.ts";
import { elementsOf } from "./read.ts";
import { runs } from "../../../test/support/runs.ts";

const numRuns = runs(2000);
const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
const names = ["a.example.com", "192.0.2.1", "2001:db8::1"];
const request = writeRequest(keys, { subject: { commonName: "a" }, extensions: [subjectAltName(names)] });
const validity = { notBefore: new Date(0), notAfter: new Date("2060-01-01T00:00:00Z") };
const root = await createAuthority({ commonName: "root", pathLength: 2, ...validity });
const leaf = issueCertificate(root, {
  subject: { commonName: "a" },
  names,
  publicKey: keys.publicKey,
  usages: ["server"],
  ...validity,
});

/** Bytes with some octets replaced, taken out or put in, and perhaps cut off. */
const mutated = (whole: Buffer): fc.Arbitrary<Buffer> => {
  const at = fc.nat({ max: whole.length - 1 });
  const octets = fc.uint8Array({ maxLength: 4 });
  const change = fc.record({ at, octets, removed: fc.nat({ max: 4 }) });
  const end = fc.oneof(fc.constant(whole.length + 16), at);
  return fc.tuple(fc.array(change, { maxLength: 4 }), end).map(([changes, cut]) => {
    let bytes = whole;
    for (const one of changes)
      bytes = Buffer.concat([bytes.subarray(0, one.at), one.octets, bytes.subarray(one.at + one.removed)]);
    return bytes.subarray(0, cut);
  });
};

function readsOrSays(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof DerError, String(error));
  }
}

describe("DER that was changed", () => {
  test("as a request is read, or refused by a DerError", () => {
    const property = fc.property(fc.oneof(mutated(request), fc.uint8Array()), (bytes) =>
      readsOrSays(() => readRequest(Buffer.from(bytes)).isSignedByItsKey()),
    );
    fc.assert(property, { numRuns });
  });

  test("as a certificate is read, or refused by a DerError", () => {
    const readers = [
      allowsDigitalSignature,
      alternativeNamesOf,
      authorityKeyIdentifierOf,
      basicConstraintsOf,
      serialNumberOf,
    ];
    const property = fc.property(
      fc.oneof(mutated(leaf.raw), mutated(root.certificate.raw), fc.uint8Array()),
      (bytes) => {
        for (const read of readers) readsOrSays(() => read({ raw: Buffer.from(bytes) }));
      },
    );
    fc.assert(property, { numRuns });
  });

  test("with another signature, key or name than it was signed with does not count as signed", () => {
    const property = fc.property(
      fc.nat({ max: request.length - 1 }),
      fc.integer({ min: 1, max: 255 }),
      (at, flip) => {
        const bytes = Buffer.from(request);
        bytes[at] = (bytes[at] ?? 0) ^ flip;
        let isSigned = false;
        readsOrSays(() => (isSigned = readRequest(bytes).isSignedByItsKey()));
        assert.equal(isSigned, false);
      },
    );
    fc.assert(property, { numRuns });
  });

  test("is taken apart without a byte lost: the elements are what they were read from", () => {
    const property = fc.property(fc.oneof(mutated(leaf.raw), fc.uint8Array()), (bytes) =>
      readsOrSays(() => {
        const whole = Buffer.from(bytes);
        assert.deepEqual(Buffer.concat(elementsOf(whole).map(({ encoded }) => encoded)), whole);
      }),
    );
    fc.assert(property, { numRuns });
  });
});
