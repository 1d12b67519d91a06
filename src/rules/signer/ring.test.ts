import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import { PodtrustError } from "../../core/base/index.ts";
import { kubernetesKid } from "../keys/index.ts";
import {
  addKey,
  algorithmOf,
  currentOf,
  emptyRing,
  exclude,
  keyOf,
  nextOf,
  parseRing,
  promotable,
  promote,
  remove,
  renderRing,
  type Ring,
  seenPublished,
} from "./index.ts";

/** A key that joins, of P-256 unless said. */
function key(kind: "ec" | "rsa" = "ec") {
  const { publicKey } =
    kind === "ec"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: 2048 });
  const spki = publicKey.export({ type: "spki", format: "der" });
  const kid = kubernetesKid(publicKey);
  return { kid, alg: algorithmOf(spki), publicKey: spki.toString("base64"), holder: `file:${kid}.pem` };
}

const verifier = () => {
  const { holder: _, ...rest } = key();
  return rest;
};

const [first, second, third] = [key("rsa"), key(), key()];
const one = addKey(emptyRing, first, 1);
const two = addKey(one, second, 2);

const throwsCode = (code: string, text: RegExp, act: () => unknown): void =>
  assert.throws(act, (error) => {
    assert.ok(error instanceof PodtrustError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, text);
    return true;
  });

const refuses = (text: RegExp, act: () => unknown): void => throwsCode("signer-key-refused", text, act);

describe("the keys of a signer", () => {
  test("the first key signs, the second is next, and there is no third before that one signs", () => {
    assert.equal(currentOf(one)?.kid, first.kid);
    assert.equal(nextOf(one), undefined);
    assert.equal(currentOf(two)?.kid, first.kid);
    assert.equal(nextOf(two)?.kid, second.kid);
    refuses(/there is a next key already/u, () => addKey(two, third, 3));
    refuses(/has the key .* already/u, () => addKey(two, first, 3));
  });

  test("a key that is promoted signs, and the one before it verifies on and may sign again", () => {
    const promoted = promote(two, second.kid, 5);
    assert.deepEqual(
      promoted.keys.map(({ state, since }) => [state, since]),
      [
        ["previous", 5],
        ["current", 5],
      ],
    );
    assert.equal(promoted.changedAt, 5);
    const back = promote(addKey(promoted, third, 6), first.kid, 7);
    assert.equal(currentOf(back)?.kid, first.kid);
    assert.equal(keyOf(back, second.kid)?.state, "previous");
    assert.equal(nextOf(back)?.since, 6);
  });

  test("what has no private half, signs already, is hidden or unknown is not promoted", () => {
    refuses(/no next key/u, () => promotable(one));
    assert.equal(promotable(two).kid, second.kid);
    refuses(/signs already/u, () => promote(two, first.kid, 3));
    throwsCode("signer-key-unknown", /no key strange/u, () => promotable(two, "strange"));
    const old = verifier();
    refuses(/only verifies/u, () => promotable(addKey(two, old, 3), old.kid));
    const hidden = exclude(promote(two, second.kid, 3), first.kid, true, 4);
    refuses(/left out of discovery/u, () => promotable(hidden, first.kid));
  });

  test("a key that only verifies is previous, and cannot be the first", () => {
    const old = verifier();
    assert.equal(keyOf(addKey(one, old, 3), old.kid)?.state, "previous");
    refuses(/cannot be a signer's first/u, () => addKey(emptyRing, old, 3));
  });

  test("only a previous key is left out of discovery, and it comes back", () => {
    refuses(/is current: relying parties have to see it/u, () => exclude(two, first.kid, true, 3));
    refuses(/is next/u, () => exclude(two, second.kid, true, 3));
    const hidden = exclude(promote(two, second.kid, 3), first.kid, true, 4);
    assert.equal(keyOf(hidden, first.kid)?.excluded, true);
    assert.equal(keyOf(exclude(hidden, first.kid, false, 5), first.kid)?.excluded, false);
  });

  test("when a key was first seen to be published is kept, until it is left out; who has signed was published", () => {
    const seen = seenPublished(two, second.kid, 4);
    assert.equal(keyOf(seen, second.kid)?.publishedSince, 4);
    assert.equal(seenPublished(seen, second.kid, 9), seen);
    throwsCode("signer-key-unknown", /no key strange/u, () => seenPublished(two, "strange", 4));
    const promoted = promote(seen, second.kid, 5);
    assert.equal(keyOf(promoted, first.kid)?.publishedSince, 1, "it signed since then");
    const back = promote(promoted, first.kid, 7);
    assert.equal(keyOf(back, second.kid)?.publishedSince, 4);
    const again = exclude(exclude(back, second.kid, true, 8), second.kid, false, 9);
    assert.equal(keyOf(again, second.kid)?.publishedSince, undefined);
    assert.deepEqual(parseRing(renderRing(seen)), seen);
  });

  test("the key that signs is not removed, every other is", () => {
    refuses(/signs/u, () => remove(two, first.kid, 3));
    assert.equal(keyOf(remove(two, second.kid, 3), second.kid), undefined);
    throwsCode("signer-key-unknown", /no key/u, () => remove(two, third.kid, 3));
  });

  test("there are 32 keys at the most", () => {
    let full: Ring = one;
    while (full.keys.length < 32) full = addKey(full, verifier(), 1);
    refuses(/the most there may be/u, () => addKey(full, verifier(), 1));
  });
});

describe("the list of keys as a file", () => {
  test("a list is read as it was written", () => {
    const ring = exclude(addKey(promote(two, second.kid, 3), verifier(), 4), first.kid, true, 5);
    assert.deepEqual(parseRing(renderRing(ring)), ring);
  });

  interface Content {
    readonly version: number;
    readonly changedAt: unknown;
    readonly keys: readonly Record<string, unknown>[];
  }
  const content = (): Content => JSON.parse(renderRing(two)) as Content;

  const faults: Readonly<Record<string, [RegExp, (list: Content) => unknown]>> = {
    "another version": [/another version/u, (list) => ({ ...list, version: 2 })],
    "no time of change": [/when it changed/u, (list) => ({ ...list, changedAt: -1 })],
    "no keys": [/has no keys/u, (list) => ({ ...list, keys: {} })],
    "too many keys": [/more than 32/u, (list) => ({ ...list, keys: Array(33).fill(list.keys[0]) })],
    "a key that is no object": [/kid is no text/u, (list) => ({ ...list, keys: [1] })],
    "an empty kid": [/no text/u, (list) => ({ ...list, keys: [{ ...list.keys[0], kid: "" }] })],
    "a kid beyond Kubernetes' bound": [
      /no text/u,
      (list) => ({ ...list, keys: [{ ...list.keys[0], kid: "k".repeat(1025) }] }),
    ],
    "an unknown state": [
      /lacks a member/u,
      (list) => ({ ...list, keys: [{ ...list.keys[0], state: "old" }] }),
    ],
    "a holder that is no text": [
      /lacks a member/u,
      (list) => ({ ...list, keys: [{ ...list.keys[0], holder: 1 }] }),
    ],
    "a time that is none": [
      /has no time/u,
      (list) => ({ ...list, keys: [{ ...list.keys[0], since: "now" }] }),
    ],
    "a time of publication that is none": [
      /has no time/u,
      (list) => ({ ...list, keys: [{ ...list.keys[0], publishedSince: -1 }] }),
    ],
    "a kid twice": [/stands twice/u, (list) => ({ ...list, keys: [list.keys[0], list.keys[0]] })],
    "no key that signs": [/not exactly one/u, (list) => ({ ...list, keys: [list.keys[1]] })],
    "two that are next": [
      /more than one key is next/u,
      (list) => ({ ...list, keys: [...list.keys, { ...list.keys[1], kid: "another" }] }),
    ],
    "a signer without a private half": [
      /has no private half/u,
      (list) => ({ ...list, keys: [{ ...list.keys[0], holder: undefined }] }),
    ],
  };
  for (const [name, [text, change]] of Object.entries(faults))
    test(`a list with ${name} is refused`, () =>
      throwsCode("signer-state", text, () => parseRing(JSON.stringify(change(content())))));

  test("what is no JSON object is refused", () => {
    throwsCode("signer-state", /no JSON object/u, () => parseRing("{"));
    throwsCode("signer-state", /no JSON object/u, () => parseRing("[]"));
  });
});

describe("what a key signs with", () => {
  const spki = (pair: { publicKey: { export(o: { type: "spki"; format: "der" }): Buffer } }) =>
    pair.publicKey.export({ type: "spki", format: "der" });

  test("RSA with RS256, and each curve with its own", () => {
    const of = (namedCurve: string) => algorithmOf(spki(generateKeyPairSync("ec", { namedCurve })));
    assert.equal(first.alg, "RS256");
    assert.deepEqual(["P-256", "P-384", "P-521"].map(of), ["ES256", "ES384", "ES512"]);
    throwsCode("signer-key-invalid", /curve secp256k1/u, () => of("secp256k1"));
  });

  test("a short RSA key, one of another type, and what is no key cannot sign", () => {
    const short = spki(generateKeyPairSync("rsa", { modulusLength: 1024 }));
    throwsCode("signer-key-invalid", /1024 bits/u, () => algorithmOf(short));
    throwsCode("signer-key-invalid", /ed25519/u, () => algorithmOf(spki(generateKeyPairSync("ed25519"))));
    throwsCode("signer-key-invalid", /no public key/u, () => algorithmOf(Buffer.from("x")));
  });
});
