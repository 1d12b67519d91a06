import assert from "node:assert/strict";
import { createHash, createPublicKey, generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import { calculateJwkThumbprint, exportJWK } from "jose";
import { jwkThumbprint, kubernetesKid, publicJwk } from "./index.ts";
import { publicKeyOf } from "./jwk.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ed = generateKeyPairSync("ed25519");

describe("a JWK", () => {
  test("Kubernetes' kid is the digest of the DER public key, from whatever the key comes", () => {
    const der = ec.publicKey.export({ type: "spki", format: "der" });
    const expected = createHash("sha256").update(der).digest("base64url");
    assert.equal(kubernetesKid(ec.publicKey), expected);
    assert.equal(kubernetesKid(ec.privateKey), expected);
    assert.equal(kubernetesKid(publicJwk(ec.privateKey)), expected);
    assert.equal(kubernetesKid(publicJwk(ec.publicKey, "another")), expected);
  });

  test("an object that is no key has no kid", () => {
    for (const wrong of [{}, { kty: "RSA" }, { kty: "oct", k: "AAAA" }])
      assert.throws(() => kubernetesKid(wrong), TypeError);
  });

  test("the JWK of a private key has its public half only", () => {
    const jwk = publicJwk(rsa.privateKey);
    assert.deepEqual(Object.keys(jwk), ["use", "kty", "kid", "alg", "n", "e"]);
    assert.equal(jwk.alg, "RS256");
    assert.ok(createPublicKey({ key: { ...jwk }, format: "jwk" }).equals(rsa.publicKey));
  });

  test("the algorithm of an EC key is its curve's", () => {
    const algs = ["P-256", "P-384", "P-521"].map((namedCurve) => {
      const jwk = publicJwk(generateKeyPairSync("ec", { namedCurve }).publicKey, "k");
      assert.deepEqual(Object.keys(jwk), ["use", "kty", "kid", "crv", "alg", "x", "y"]);
      return `${jwk.crv} ${jwk.alg} ${jwk.kid}`;
    });
    assert.deepEqual(algs, ["P-256 ES256 k", "P-384 ES384 k", "P-521 ES512 k"]);
  });

  test("keys that AWS does not verify make no JWK", () => {
    assert.throws(() => publicJwk(ed.privateKey), { name: "TypeError", message: /type ed25519/u });
    const odd = generateKeyPairSync("ec", { namedCurve: "secp256k1" });
    assert.throws(() => publicJwk(odd.publicKey), TypeError);
  });

  test("thumbprints are those of another library", async () => {
    for (const key of [rsa.publicKey, ec.publicKey, ed.publicKey]) {
      const jwk = await exportJWK(key);
      assert.equal(jwkThumbprint({ ...jwk, kid: "ignored" }), await calculateJwkThumbprint(jwk));
    }
  });

  test("a thumbprint needs a known type and all its members", () => {
    assert.throws(() => jwkThumbprint({ kty: "AKP" }), { name: "TypeError", message: /RSA, EC or OKP/u });
    assert.throws(() => jwkThumbprint({ kty: "RSA", n: "AQAB" }), {
      name: "TypeError",
      message: /the JWK's e/u,
    });
  });

  test("members that make no public key are refused", () => {
    const jwk = { ...publicJwk(ec.publicKey) };
    assert.equal(publicKeyOf(null), undefined);
    assert.equal(publicKeyOf("key"), undefined);
    assert.equal(publicKeyOf({ kty: "OKP", crv: "Ed25519", x: "AA" }), undefined);
    assert.equal(publicKeyOf({ ...jwk, x: jwk.y }), undefined, "a point off the curve");
    assert.equal(publicKeyOf({ ...jwk, x: 1 }), undefined);
    assert.equal(
      publicKeyOf({ kty: "RSA", n: Buffer.alloc(4096, 0xff).toString("base64url"), e: "AQAB" }),
      undefined,
    );
    assert.ok(publicKeyOf({ ...jwk, d: "never read" })?.type === "public");
  });
});
