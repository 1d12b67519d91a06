import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import { keyChecks, publicJwk } from "./index.ts";

const jwk = { ...publicJwk(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey) };
const none = { kty: "EC", crv: "P-256", x: "AA", y: "AA" };

describe("what the rules of trust/ ask of keys", () => {
  test("a JWK off the curve is no public key, and has neither certificate nor weakness", () => {
    assert.equal(keyChecks.isPublicKey(none), false);
    assert.equal(keyChecks.isCertificateOf("AA", none), false);
    assert.equal(keyChecks.weakness(none), undefined);
  });

  test("what is no certificate is of no key", () => {
    assert.equal(keyChecks.isPublicKey(jwk), true);
    assert.equal(keyChecks.isCertificateOf("AA", jwk), false);
  });

  test("an RSA key below 2048 bits is weak, and an EC key is not", () => {
    const short = publicJwk(generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey);
    assert.match(keyChecks.weakness({ ...short }) ?? "", /1024 bits/u);
    assert.equal(keyChecks.weakness(jwk), undefined);
  });
});
