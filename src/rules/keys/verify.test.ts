import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { CompactSign, compactVerify, importJWK, SignJWT } from "jose";
import { type Algorithm, algorithms, type Jws, parseJws } from "../oidc/index.ts";
import { publicJwk, type PublicJwk, verifyJws } from "./index.ts";

interface Signer {
  readonly privateKey: KeyObject;
  readonly jwk: PublicJwk;
}

function signer(pair: { privateKey: KeyObject }): Signer {
  return { privateKey: pair.privateKey, jwk: publicJwk(pair.privateKey) };
}

const rsa = signer(generateKeyPairSync("rsa", { modulusLength: 2048 }));
const p256 = signer(generateKeyPairSync("ec", { namedCurve: "P-256" }));
const other = signer(generateKeyPairSync("ec", { namedCurve: "P-256" }));
const p384 = signer(generateKeyPairSync("ec", { namedCurve: "P-384" }));
const p521 = signer(generateKeyPairSync("ec", { namedCurve: "P-521" }));
const signers: Readonly<Record<Algorithm, Signer>> = {
  RS256: rsa,
  RS384: rsa,
  RS512: rsa,
  ES256: p256,
  ES384: p384,
  ES512: p521,
};
const names = Object.keys(signers) as Algorithm[];

const tokens: Record<string, Jws> = {};
for (const alg of names) {
  const token = new SignJWT({ sub: "a" }).setProtectedHeader({ alg }).sign(signers[alg].privateKey);
  tokens[alg] = parseJws(await token);
}

describe("verifying a signature", () => {
  for (const alg of names) {
    test(`${alg}: a token that another library signed is verified, by this algorithm's key alone`, () => {
      const jws = tokens[alg] as Jws;
      for (const { jwk } of [rsa, p256, other, p384, p521]) {
        assert.equal(verifyJws(jws, jwk), jwk === signers[alg].jwk, `${jwk.kty} ${jwk.crv}`);
      }
    });

    test(`${alg}: a token that we sign is verified by another library`, async () => {
      const { privateKey, jwk } = signers[alg];
      const input = `${Buffer.from(JSON.stringify({ alg })).toString("base64url")}.e30`;
      const signature = sign(algorithms[alg].hash, Buffer.from(input), {
        key: privateKey,
        dsaEncoding: "ieee-p1363",
      });
      const token = `${input}.${signature.toString("base64url")}`;
      assert.equal(verifyJws(parseJws(token), jwk), true);
      const key = await importJWK({ ...jwk, alg });
      assert.equal((await compactVerify(token, key)).protectedHeader.alg, alg);
    });

    test(`${alg}: a changed byte, a cut or lengthened signature and the DER form do not verify`, () => {
      const jws = tokens[alg] as Jws;
      const { jwk, privateKey } = signers[alg];
      const flipped = Uint8Array.from(jws.signature, (byte, index) => (index === 7 ? byte ^ 1 : byte));
      const der = sign(algorithms[alg].hash, Buffer.from(jws.signingInput), {
        key: privateKey,
        dsaEncoding: "der",
      });
      assert.equal(verifyJws({ ...jws, signature: flipped }, jwk), false);
      assert.equal(verifyJws({ ...jws, signature: jws.signature.slice(1) }, jwk), false);
      assert.equal(verifyJws({ ...jws, signature: Uint8Array.of(...jws.signature, 0) }, jwk), false);
      assert.equal(verifyJws({ ...jws, signature: new Uint8Array() }, jwk), false);
      assert.equal(verifyJws({ ...jws, signature: new Uint8Array(jws.signature.length) }, jwk), false);
      assert.equal(verifyJws({ ...jws, signingInput: `${jws.signingInput}A` }, jwk), false);
      // RSA has no DER form: there it is the same signature.
      assert.equal(verifyJws({ ...jws, signature: der }, jwk), jwk.kty === "RSA");
    });
  }

  test("the token's alg decides, not the JWK's, as at AWS", () => {
    assert.equal(verifyJws(tokens["RS256"] as Jws, { ...rsa.jwk, alg: "RS512" }), true);
    assert.equal(verifyJws({ ...(tokens["RS256"] as Jws), alg: "RS512" }, rsa.jwk), false);
  });

  test("none and HS256 never verify, even keyed with the public key", () => {
    const pem = rsa.privateKey.export({ type: "pkcs8", format: "pem" });
    const input = `${Buffer.from('{"alg":"HS256"}').toString("base64url")}.e30`;
    const mac = createHmac("sha256", pem).update(input).digest("base64url");
    assert.equal(
      verifyJws(parseJws(`${input}.${mac}`), { kty: "oct", k: Buffer.from(pem).toString("base64url") }),
      false,
    );
    assert.equal(verifyJws(parseJws(`${input}.${mac}`), rsa.jwk), false);
    const none = `${Buffer.from('{"alg":"none"}').toString("base64url")}.e30.`;
    assert.equal(verifyJws(parseJws(none), rsa.jwk), false);
    for (const alg of ["None", "NONE", "rs256", "PS256", "EdDSA", "constructor"]) {
      assert.equal(verifyJws({ ...(tokens["RS256"] as Jws), alg }, rsa.jwk), false, alg);
    }
  });

  test("a token with critical extensions does not verify, since we know none", async () => {
    const header = { alg: "ES256", crit: ["x"], x: 1 };
    const token = await new CompactSign(Buffer.from("{}"))
      .setProtectedHeader(header)
      .sign(p256.privateKey, { crit: { x: true } });
    const jws = parseJws(token);
    assert.equal(verifyJws(jws, p256.jwk), false);
    assert.equal(verifyJws({ ...jws, critical: [] }, p256.jwk), true, "the signature itself is good");
  });

  test("keys for encryption, short keys and what is no key do not verify", () => {
    const jws = tokens["ES256"] as Jws;
    assert.equal(verifyJws(jws, { ...p256.jwk, use: undefined }), true);
    assert.equal(verifyJws(jws, { ...p256.jwk, use: "enc" }), false);
    assert.equal(verifyJws(jws, { ...p256.jwk, crv: "P-384" }), false);
    assert.equal(verifyJws(jws, { ...p256.jwk, x: "AA" }), false);
    for (const wrong of [undefined, null, "key", 1, [], {}, { kty: "EC" }])
      assert.equal(verifyJws(jws, wrong), false);
    const short = signer(generateKeyPairSync("rsa", { modulusLength: 1024 }));
    const signature = sign("sha256", Buffer.from("a.b"), short.privateKey);
    assert.equal(verifyJws({ alg: "RS256", signingInput: "a.b", signature, critical: [] }, short.jwk), false);
  });

  test("property: whatever a key and a signature are, the answer is true or false, and false unless they fit", () => {
    const jws = tokens["ES256"] as Jws;
    fc.assert(
      fc.property(
        fc.anything(),
        fc.uint8Array({ maxLength: 140 }),
        fc.constantFrom(...names, "none"),
        (jwk, signature, alg) => {
          assert.equal(verifyJws({ ...jws, alg, signature }, jwk), false);
          assert.equal(verifyJws({ ...jws, alg, signature }, p256.jwk), false);
        },
      ),
    );
  });
});
