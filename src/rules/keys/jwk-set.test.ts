import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { createLocalJWKSet, SignJWT, jwtVerify } from "jose";
import { PodtrustError } from "../../core/base/index.ts";
import { kubernetesKid, parseJwkSet, publicJwk, type PublicJwk, renderJwkSet } from "./index.ts";
import { runs } from "../../../test/support/runs.ts";

const rsaPair = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ecPairs = Array.from({ length: 6 }, () => generateKeyPairSync("ec", { namedCurve: "P-256" }));
const rsa = publicJwk(rsaPair.publicKey);
const ecs = ecPairs.map((pair) => publicJwk(pair.publicKey));
const [ec, ec2] = ecs as [PublicJwk, PublicJwk];
const setOf = (...keys: readonly unknown[]): string => JSON.stringify({ keys });
const byKid = (keys: readonly PublicJwk[]): readonly PublicJwk[] =>
  [...keys].sort((a, b) => (a.kid < b.kid ? -1 : 1));

describe("a JWK Set", () => {
  test("an API server's set is read and rendered with Kubernetes' members in Kubernetes' order", () => {
    const read = parseJwkSet(Buffer.from(setOf(rsa, ec)));
    assert.deepEqual(read, { keys: byKid([rsa, ec]), leftOut: [], warnings: [] });
    const [first = rsa] = read.keys;
    assert.ok(
      renderJwkSet(read.keys).startsWith(`{"keys":[{"use":"sig","kty":"${first.kty}","kid":"${first.kid}"`),
    );
    assert.match(
      renderJwkSet([rsa]),
      /^\{"keys":\[\{"use":"sig","kty":"RSA","kid":"[^"]+","alg":"RS256","n":"[^"]+","e":"AQAB"\}\]\}$/u,
    );
    assert.match(
      renderJwkSet([ec]),
      /"kty":"EC","kid":"[^"]+","crv":"P-256","alg":"ES256","x":"[^"]+","y":"[^"]+"\}\]\}$/u,
    );
  });

  test("the same keys are always the same bytes", () => {
    assert.equal(renderJwkSet([rsa, ec, ec2]), renderJwkSet([ec2, rsa, ec, rsa]));
    assert.equal(renderJwkSet([]), '{"keys":[]}');
  });

  test("nothing but the members of a public key is rendered", () => {
    const smuggled = { ...ec, d: "secret", key_ops: ["verify"] } as PublicJwk;
    assert.equal(renderJwkSet([smuggled]), renderJwkSet([ec]));
  });

  test("another library verifies with what is rendered", async () => {
    const keys = createLocalJWKSet(
      JSON.parse(renderJwkSet([rsa, ec])) as Parameters<typeof createLocalJWKSet>[0],
    );
    const token = await new SignJWT({ sub: "a" })
      .setProtectedHeader({ alg: "RS256", kid: rsa.kid })
      .sign(rsaPair.privateKey);
    assert.equal((await jwtVerify(token, keys)).payload.sub, "a");
  });

  test("use and alg that are absent are filled in, numbers are written anew", () => {
    const { kty, kid, n = "", e } = rsa;
    const padded = Buffer.concat([Buffer.alloc(2), Buffer.from(n, "base64url")]).toString("base64url");
    assert.deepEqual(parseJwkSet(setOf({ kty, kid, n: padded, e })).keys, [rsa]);
    const { crv, x, y } = ec;
    assert.deepEqual(parseJwkSet(setOf({ kty: "EC", kid: ec.kid, crv, x, y })).keys, [ec]);
  });

  test("a number in plain base64 leaves its key out: Node reads it, and strict readers do not", () => {
    const plain = (text = ""): string => Buffer.from(text, "base64url").toString("base64");
    // Of 256 bytes plain base64 ends in `==`; `+` and `/` alone are enough.
    const unpadded = plain(rsa.n).replace(/=+$/u, "");
    const other = /[-_]/u.test(rsa.n ?? "") ? [unpadded] : [];
    for (const n of [plain(rsa.n), `${rsa.n}==`, `${rsa.n}\n`, ...other]) {
      const { keys, leftOut } = parseJwkSet(setOf({ ...rsa, n }, ec));
      assert.deepEqual([keys, leftOut.length], [[ec], 1]);
      assert.match(leftOut[0]?.reason ?? "", /^its n is not base64url without padding/u);
    }
    const { leftOut } = parseJwkSet(setOf(rsa, { ...ec, y: `${ec.y}=` }));
    assert.match(leftOut[0]?.reason ?? "", /^its y is not base64url/u);
  });

  test("an RSA key may say RS384 or RS512", () => {
    assert.equal(parseJwkSet(setOf({ ...rsa, alg: "RS512" })).keys[0]?.alg, "RS512");
  });

  test("a foreign kid is copied, with a warning", () => {
    const read = parseJwkSet(setOf({ ...ec, kid: "kms-key-1" }));
    assert.equal(read.keys[0]?.kid, "kms-key-1");
    assert.match(read.warnings.join(), /"kms-key-1" is not the one Kubernetes makes/u);
  });

  test("key_ops is taken off the key, not the key out of the set", () => {
    const read = parseJwkSet(setOf({ ...ec, key_ops: ["verify"] }));
    assert.deepEqual(read.keys, [ec]);
    assert.match(read.warnings.join(), /has key_ops, with which AWS refuses its tokens/u);
  });

  test("certificates and unknown members are not published, with a warning", () => {
    const read = parseJwkSet(setOf({ ...ec, x5c: ["MIIB"], "x5t#S256": "a" }));
    assert.deepEqual(read.keys, [ec]);
    assert.match(read.warnings.join(), /published without its "x5c", "x5t#S256"/u);
  });

  const short = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" });
  const odd = generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey.export({ format: "jwk" });
  const ed = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
  const useless: readonly [string, unknown, RegExp][] = [
    ["not an object", "key", /keys\[0\] is no JSON object/u],
    ["null", null, /keys\[0\] is no JSON object/u],
    ["without a kid", { ...ec, kid: undefined }, /no kid/u],
    ["with an empty kid", { ...ec, kid: "" }, /no kid/u],
    ["with a kid that is a number", { ...ec, kid: 1 }, /no kid/u],
    ["with a kid of 1025 characters", { ...ec, kid: "k".repeat(1025) }, /more than 1024/u],
    ["EdDSA", { ...ed, kid: "ed", alg: "EdDSA" }, /RSA and EC keys, not "OKP"/u],
    ["ML-DSA", { kty: "AKP", alg: "ML-DSA-44", kid: "pq", pub: "AA" }, /RSA and EC keys, not "AKP"/u],
    ["without a type", { kid: "a" }, /RSA and EC keys, not nothing/u],
    ["for encryption", { ...ec, use: "enc" }, /its use is "enc"/u],
    ["with PS256", { ...rsa, alg: "PS256" }, /does not verify "PS256"/u],
    ["with RSA-OAEP", { ...rsa, alg: "RSA-OAEP" }, /does not verify "RSA-OAEP"/u],
    ["with an alg that is a number", { ...rsa, alg: 256 }, /does not verify 256/u],
    ["RSA with ES256", { ...rsa, alg: "ES256" }, /ES256 does not go with a key of type RSA/u],
    ["EC with RS256", { ...ec, alg: "RS256" }, /RS256 does not go with a key of type EC/u],
    ["P-256 with ES384", { ...ec, alg: "ES384" }, /"ES384" does not go with the curve "P-256"/u],
    ["secp256k1", { ...odd, kid: "a" }, /not "secp256k1"/u],
    ["EC without a curve", { ...ec, crv: undefined, alg: undefined }, /not nothing/u],
    ["a point off the curve", { ...ec, x: ec2.x }, /not those of a public key/u],
    ["without its numbers", { kty: "RSA", kid: "a" }, /not those of a public key/u],
    ["RSA of 1024 bits", { ...short, kid: "a" }, /1024 bits, fewer than the 2048/u],
  ];

  for (const [what, key, reason] of useless) {
    test(`leaves out a key ${what}`, () => {
      const read = parseJwkSet(setOf(key, rsa));
      assert.deepEqual(read.keys, [rsa]);
      assert.equal(read.leftOut.length, 1);
      assert.match(read.leftOut[0]?.reason ?? "", reason);
      assert.throws(() => parseJwkSet(setOf(key)), {
        code: "jwks-invalid",
        message: /no key that AWS can use/u,
      });
    });
  }

  test("a private key is refused whatever else is right, and its secret is not repeated", () => {
    const secret = ecPairs[0]?.privateKey.export({ format: "jwk" }) as { d: string };
    try {
      parseJwkSet(setOf(rsa, { ...secret, kid: "a" }));
      assert.fail("accepted");
    } catch (error) {
      assert.ok(error instanceof PodtrustError);
      assert.equal(error.message, 'keys[1] of the JWK Set carries the private member "d"');
      assert.match(error.next, /rotate the signing key/u);
      assert.ok(!JSON.stringify(error).includes(secret.d));
    }
    for (const member of ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"]) {
      assert.throws(() => parseJwkSet(setOf({ ...ec, [member]: null })), {
        message: new RegExp(`member "${member}"`, "u"),
      });
    }
  });

  const unreadable: readonly [string, string, RegExp][] = [
    ["nothing", "", /is empty/u],
    ["a cut document", setOf(rsa).slice(0, 50), /not JSON/u],
    ["a list", "[]", /no object/u],
    ["no keys", "{}", /no array "keys"/u],
    ["keys that are an object", '{"keys":{}}', /no array "keys"/u],
    ["an empty set", '{"keys":[]}', /the JWK Set is empty/u],
    ["524,289 bytes", `${setOf(rsa)}${" ".repeat(524_289 - setOf(rsa).length)}`, /524289 bytes, more than/u],
    ["two keys under one kid", setOf(ec, { ...ec2, kid: ec.kid }), /two different keys have the kid/u],
  ];

  for (const [what, text, message] of unreadable) {
    test(`is refused ${what}`, () => {
      assert.throws(() => parseJwkSet(text), { code: "jwks-invalid", message });
    });
  }

  test("the same key twice is one, with a warning", () => {
    const read = parseJwkSet(setOf(ec, ec));
    assert.deepEqual(read.keys, [ec]);
    assert.match(read.warnings.join(), /more than once/u);
  });

  test("100 keys of a type are accepted, 101 refused; a set over 64 KiB is warned of", () => {
    const many = Array.from({ length: 101 }, (_, index) => ({ ...ec, kid: `k${index}` }));
    assert.equal(parseJwkSet(setOf(...many.slice(1), rsa)).keys.length, 101);
    assert.throws(() => parseJwkSet(setOf(...many)), { code: "jwks-invalid", message: /101 EC keys/u });
    const padding = " ".repeat(65_536);
    assert.match(parseJwkSet(setOf(rsa) + padding).warnings.join(), /larger than 65536 bytes/u);
  });

  const keySets = fc.subarray([...ecs, rsa]);

  test("property: what is rendered is read again the same", () => {
    fc.assert(
      fc.property(keySets, fc.constantFrom("RS256", "RS384", "RS512"), (keys, alg) => {
        fc.pre(keys.length > 0);
        const set = keys.map((key) => (key.kty === "RSA" ? { ...key, alg } : key));
        const read = parseJwkSet(renderJwkSet(set));
        assert.deepEqual(read, { keys: byKid(set), leftOut: [], warnings: [] });
        assert.equal(renderJwkSet(read.keys), renderJwkSet(set));
        for (const key of read.keys)
          assert.equal(key.kid, kubernetesKid(createPublicKey({ key: { ...key }, format: "jwk" })));
      }),
    );
  });

  test("property: nothing but jwks-invalid is thrown, and no kid is published twice", () => {
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 1 }),
      fc.constantFrom("RSA", "EC", "sig", "RS256", "P-256", "AQAB", "a"),
    );
    const member = fc.constantFrom(
      "kty",
      "kid",
      "use",
      "alg",
      "n",
      "e",
      "crv",
      "x",
      "y",
      "d",
      "key_ops",
      "__proto__",
    );
    const mutant = fc
      .tuple(fc.constantFrom(rsa, ec, ec2), fc.dictionary(member, value, { maxKeys: 3 }))
      .map(([key, changes]) => ({ ...key, ...changes }));
    const text = fc.oneof(
      fc.json(),
      fc.string({ unit: "binary" }),
      fc.uint8Array(),
      fc.array(fc.oneof(mutant, fc.jsonValue()), { maxLength: 4 }).map((keys) => setOf(...keys)),
    );
    fc.assert(
      fc.property(text, (input) => {
        try {
          const { keys } = parseJwkSet(input);
          assert.equal(new Set(keys.map(({ kid }) => kid)).size, keys.length);
          for (const key of keys)
            assert.ok(Object.keys(key).every((name) => !["d", "key_ops"].includes(name)));
        } catch (error) {
          assert.ok(error instanceof PodtrustError, String(error));
          assert.equal(error.code, "jwks-invalid");
        }
      }),
      { numRuns: runs(500) },
    );
  });
});
