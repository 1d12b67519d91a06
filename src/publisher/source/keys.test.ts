import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import type { PublicJwk } from "../../rules/keys/index.ts";
import { fromCopy, type KeyRing, noteSigned, observeKeys, publishedKeys, signerOf } from "./keys.ts";

const day = 86_400_000;
const jwk = (kid: string, kty: "RSA" | "EC" = "EC"): PublicJwk => ({
  kty,
  kid,
  use: "sig",
  alg: "ES256",
  ...(kty === "RSA" ? { n: kid, e: "AQAB" } : { crv: "P-256", x: kid, y: kid }),
});
const kids = (ring: KeyRing): string[] => publishedKeys(ring).map((key) => key.kid);

describe("the keys that are published", () => {
  test("a key of a copy that was kept counts from when it was last seen, so that an old copy prolongs nothing", () => {
    const { ring } = observeKeys([], [jwk("a"), jwk("b")], 0, day);
    const old = observeKeys(fromCopy(ring, [jwk("b")]), [jwk("b")], day, day);
    assert.deepEqual(
      old.ring.map((key) => key.jwk.kid),
      ["b"],
    );
    const younger = observeKeys(fromCopy(ring, [jwk("b")]), [jwk("b")], day - 1, day).ring[0];
    assert.deepEqual([younger?.jwk.kid, younger?.absentSince], ["a", 0]);
  });

  test("a key that vanished stays for the retention, counted from the first answer without it", () => {
    let { ring } = observeKeys([], [jwk("a"), jwk("b")], 0, day);
    ({ ring } = observeKeys(ring, [jwk("b")], 10_000, day));
    assert.deepEqual(kids(ring), ["a", "b"]);
    ({ ring } = observeKeys(ring, [jwk("b")], 10_000 + day - 1, day));
    assert.deepEqual(kids(ring), ["a", "b"]);
    const last = observeKeys(ring, [jwk("b")], 10_000 + day, day);
    assert.deepEqual(kids(last.ring), ["b"]);
    assert.deepEqual(last.events, [{ type: "key-dropped", kid: "a" }]);
  });

  test("an outage longer than the retention does not use it up: tokens may have been signed until its end", () => {
    let { ring } = observeKeys([], [jwk("a")], 0, day);
    ({ ring } = observeKeys(ring, [jwk("b")], 3 * day, day));
    assert.deepEqual(kids(ring), ["a", "b"]);
  });

  test("two API servers that answer in turn make no key flap", () => {
    let ring: KeyRing = [];
    for (let poll = 0; poll < 1000; poll += 1) {
      const shown = poll % 2 === 0 ? [jwk("old")] : [jwk("old"), jwk("new")];
      ({ ring } = observeKeys(ring, shown, poll * 10_000, day));
      if (poll > 0) assert.deepEqual(kids(ring), ["new", "old"]);
    }
  });

  test("a clock that jumps an hour back and forth drops nothing early", () => {
    let { ring } = observeKeys([], [jwk("a"), jwk("b")], 10 * day, day);
    ({ ring } = observeKeys(ring, [jwk("b")], 10 * day + 1000, day));
    ({ ring } = observeKeys(ring, [jwk("b")], 10 * day - 3_600_000, day));
    assert.equal(ring[0]?.absentSince, 10 * day - 3_600_000);
    ({ ring } = observeKeys(ring, [jwk("b")], 10 * day + 3_600_000, day));
    assert.deepEqual(kids(ring), ["a", "b"]);
  });

  test("another key under a known kid takes its place and is reported", () => {
    const { ring } = observeKeys([], [jwk("a")], 0, day);
    const next = observeKeys(ring, [{ ...jwk("a"), x: "other" }], 1, day);
    assert.deepEqual(next.events, [{ type: "key-replaced", kid: "a" }]);
    assert.equal(publishedKeys(next.ring)[0]?.x, "other");
  });

  test("beyond a hundred keys of a type those gone longest make room, and none of the cluster's", () => {
    const many = (prefix: string, count: number): PublicJwk[] =>
      Array.from({ length: count }, (_, index) => jwk(`${prefix}${String(index).padStart(3, "0")}`));
    let { ring } = observeKeys([], many("a", 30), 0, day);
    ({ ring } = observeKeys(ring, many("b", 30), 1, day));
    ({ ring } = observeKeys(ring, many("c", 60), 2, day));
    const names = kids(ring);
    assert.equal(names.length, 100);
    assert.equal(names.filter((kid) => kid.startsWith("c")).length, 60);
    assert.equal(names.filter((kid) => kid.startsWith("b")).length, 30);
  });

  test("another key under a known kid has signed nothing yet, and no cache has it", () => {
    let { ring } = observeKeys([], [jwk("a"), jwk("b")], 0, day);
    ring = noteSigned(ring, "a", 5);
    const [next] = observeKeys(ring, [{ ...jwk("a"), x: "other" }], 10, day).ring;
    assert.deepEqual([next?.firstSeen, next?.signed], [10, undefined]);
  });

  test("the key that signs is the cluster's only one, else that of the newest token, else unknown", () => {
    let { ring } = observeKeys([], [jwk("a"), jwk("b")], 0, day);
    assert.equal(signerOf(ring), undefined);
    ring = noteSigned(noteSigned(noteSigned(ring, "a", 5), "b", 9), "a", 7);
    assert.deepEqual(signerOf(ring), { kid: "b", by: "token", at: 9 });
    assert.deepEqual(ring[0]?.signed, { first: 5, last: 7 });
    assert.deepEqual(noteSigned(ring, "unknown", 20), ring);
    const { ring: alone } = observeKeys(ring, [jwk("a")], 10, day);
    assert.deepEqual(signerOf(alone), { kid: "a", by: "only-key", at: 10 });
    // The newest token is of a key that the cluster shows no more: two others are there to sign.
    const { ring: others } = observeKeys(ring, [jwk("a"), jwk("c")], 10, day);
    assert.equal(signerOf(others), undefined);
  });

  const polls = fc.array(
    fc.record({
      shown: fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"), { minLength: 1 }),
      wait: fc.integer({ min: -3_600_000, max: 2 * day }),
    }),
    { minLength: 1, maxLength: 40 },
  );

  test("property: what the cluster shows is published, and nothing is lost before its retention is over", () => {
    fc.assert(
      fc.property(polls, (steps) => {
        let ring: KeyRing = [];
        let now = 100 * day;
        for (const { shown, wait } of steps) {
          now += wait;
          const before = ring;
          ({ ring } = observeKeys(
            before,
            shown.map((kid) => jwk(kid)),
            now,
            day,
          ));
          for (const kid of shown) assert.ok(kids(ring).includes(kid));
          for (const key of before) {
            const gone = !kids(ring).includes(key.jwk.kid);
            if (gone) assert.ok(key.absentSince !== undefined && now - key.absentSince >= day);
          }
        }
      }),
    );
  });

  test("property: the same answer again changes nothing but the times of sighting", () => {
    fc.assert(
      fc.property(polls, (steps) => {
        let ring: KeyRing = [];
        let now = 100 * day;
        for (const { shown, wait } of steps) {
          now += wait;
          const jwks = shown.map((kid) => jwk(kid));
          ({ ring } = observeKeys(ring, jwks, now, day));
          const again = observeKeys(ring, jwks, now, day);
          assert.deepEqual(again.ring, ring);
          assert.deepEqual(again.events, []);
        }
      }),
    );
  });
});
