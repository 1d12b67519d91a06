import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  describedKeys,
  keysForUpload,
  keysInPlaceOf,
  sameUpload,
  uploadableKeys,
  uploadedKids,
  uploadText,
} from "./index.ts";

const rsa = { kty: "RSA", kid: "b", use: "sig", alg: "RS256", n: "0vx7agoebGcQSuuPiLJXZpt", e: "AQAB" };
const ec = {
  kty: "EC",
  kid: "a",
  crv: "P-256",
  x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV",
  y: "x_FEzRu9m36HLN_tue659LNpXW6p",
};

const setOf = (...keys: readonly unknown[]): string => JSON.stringify({ keys });

function keysOf(...keys: readonly unknown[]) {
  const read = uploadableKeys(setOf(...keys));
  return typeof read === "string" ? assert.fail(read) : read;
}

describe("keys that Google is given", () => {
  test("have the members that an upload may have and no others, in one order", () => {
    const { keys, leftOut } = keysOf({ ...rsa, x5c: ["MII"], x5t: "x", d: "secret" }, ec);
    assert.deepEqual(leftOut, []);
    assert.deepEqual(keys, [ec, rsa]);
    assert.equal(uploadText(keys), uploadText(keysOf(ec, rsa).keys));
  });

  const faults: readonly (readonly [key: object, reason: RegExp])[] = [
    [{ ...rsa, kty: "OKP" }, /of type "OKP"/u],
    [{ ...rsa, kty: "constructor" }, /of type "constructor"/u],
    [{ ...rsa, kid: "" }, /no kid/u],
    [{ ...ec, alg: "RS256" }, /Google verifies RS256 and ES256/u],
    [{ ...rsa, kid: 7 }, /no kid/u],
    [{ ...rsa, use: "enc" }, /its use is "enc"/u],
    [{ ...ec, crv: "P-384" }, /its curve is "P-384"/u],
    [{ ...rsa, alg: "RS512" }, /Google verifies RS256 and ES256/u],
    [{ ...rsa, n: undefined }, /it has no n/u],
  ];
  for (const [key, reason] of faults) {
    test(`leave out one of which Google verifies nothing: ${reason.source}`, () => {
      const { keys, leftOut } = keysOf(key, ec);
      assert.deepEqual([keys.length, leftOut.length], [1, 1]);
      assert.match(leftOut[0]?.reason ?? "", reason);
    });
  }

  test("that cannot be read are a sentence, and none at all are none", () => {
    assert.equal(typeof uploadableKeys("no JSON"), "string");
    assert.deepEqual(keysOf(), { keys: [], leftOut: [] });
  });

  test("are the same whatever their order, and others with one key more, less or changed", () => {
    const { keys } = keysOf(rsa, ec);
    assert.ok(sameUpload(setOf(ec, rsa), keys));
    assert.ok(!sameUpload(setOf(ec), keys));
    assert.ok(!sameUpload(setOf(ec, { ...rsa, n: "another" }), keys));
    assert.ok(!sameUpload(setOf(ec, rsa, { ...rsa, kid: "c", use: "enc" }), keys));
    assert.ok(!sameUpload("no JSON", keys));
    assert.ok(sameUpload("", undefined));
    assert.ok(!sameUpload(setOf(ec), undefined));
  });
});

test("an upload is known by its kids, and one that cannot be read by none", () => {
  assert.deepEqual(uploadedKids(setOf(rsa, ec)), ["a", "b"]);
  assert.deepEqual(uploadedKids("no JSON"), []);
  assert.equal(uploadedKids(""), undefined);
});

describe("a change of uploaded keys in a plan", () => {
  const { keys } = keysOf(rsa, ec);

  test("is shown by kid", () => {
    assert.deepEqual(describedKeys(setOf(rsa), keys), { before: ["b"], after: ["a", "b"] });
    assert.deepEqual(describedKeys(undefined, keys), { before: undefined, after: ["a", "b"] });
    assert.deepEqual(describedKeys(setOf({ ...rsa, kid: 7 }), undefined), {
      before: ["7"],
      after: undefined,
    });
    assert.deepEqual(describedKeys("no JSON", keys).before, []);
    assert.deepEqual(describedKeys(undefined, undefined), { before: undefined, after: undefined });
  });

  test("is shown by what makes a key where the kids are the same", () => {
    const { before, after } = describedKeys(setOf({ ...rsa, n: "planted" }, ec), keys);
    assert.notDeepEqual(before, after);
    assert.match(before?.[1] ?? "", /^b \(RSA planted\)$/u);
  });
});

describe("an upload as a whole", () => {
  const issuer = "https://oidc.example.com";
  const many = (count: number): readonly object[] =>
    Array.from({ length: count }, (_, n) => ({ ...ec, kid: `key-${n}` }));
  const all = (): boolean => true;

  test("has eight keys at the most, and nine are refused with their kids and what to do", () => {
    assert.equal(keysForUpload(issuer, setOf(...many(8))).keys.length, 8);
    assert.throws(() => keysForUpload(issuer, setOf(...many(9))), {
      code: "gcp-keys-refused",
      message: /has 9 keys, and Google takes 8 in an upload: key-0, .*key-8/u,
      next: /podtrust rotate distrust KID/u,
    });
  });

  test("is refused where no key of the set is left, or it is no set", () => {
    const refused = { code: "gcp-keys-refused" };
    assert.throws(() => keysForUpload(issuer, setOf()), { ...refused, message: /the set is empty/u });
    assert.throws(() => keysForUpload(issuer, setOf({ ...ec, crv: "P-384" })), {
      ...refused,
      message: /P-384/u,
    });
    assert.throws(() => keysForUpload(issuer, "no JSON"), { code: "gcp-keys-unread" });
    const { keys, warnings } = keysForUpload(issuer, setOf(rsa, { ...ec, crv: "P-384" }));
    assert.deepEqual([keys, warnings], [[rsa], [`key "a" is not uploaded to Google: its curve is "P-384"`]]);
  });

  test("keeps of what stands there what may stay, and under its own kids nothing but its own keys", () => {
    const place = "the provider prod";
    const { keys } = keysOf(ec);
    const planted = { ...ec, x: "planted" };
    assert.deepEqual(keysInPlaceOf(setOf(planted, rsa), keys, { place, stays: all }), [ec, rsa]);
    assert.deepEqual(keysInPlaceOf(setOf(planted, rsa), keys, { place, stays: () => false }), [ec]);
    assert.deepEqual(keysInPlaceOf("no JSON", keys, { place, stays: all }), [ec]);
    assert.throws(() => keysInPlaceOf(setOf(...many(8)), keys, { place, stays: all }), {
      code: "gcp-keys-refused",
      message: /the provider prod has 9 keys/u,
    });
  });
});
