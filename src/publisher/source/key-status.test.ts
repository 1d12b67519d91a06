import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PublicJwk } from "../../rules/keys/index.ts";
import type { KeyStatus } from "../status.ts";
import { keyStatuses, refusedBy } from "./key-status.ts";
import { type KeyRing, noteSigned, observeKeys } from "./keys.ts";

const day = 86_400_000;
const times = { keyRetention: day, poll: 10_000, caches: { publisher: 60_000, relyingParty: 3_600_000 } };
const jwk = (kid: string): PublicJwk => ({
  kty: "EC",
  kid,
  use: "sig",
  alg: "ES256",
  crv: "P-256",
  x: kid,
  y: kid,
});
const shown = (ring: KeyRing, now: number, ...kids: string[]): KeyRing =>
  observeKeys(
    ring,
    kids.map((kid) => jwk(kid)),
    now,
    day,
  ).ring;
const statusOf = (ring: KeyRing, kid: string): KeyStatus | undefined =>
  keyStatuses(ring, times).find((key) => key.kid === kid);

describe("the state of a key", () => {
  test("the cluster's only key signs, and may not first have to be waited for", () => {
    assert.deepEqual(statusOf(shown([], 1000, "a"), "a"), {
      kid: "a",
      alg: "ES256",
      state: "current",
      shown: true,
      firstSeen: 1000,
      lastSeen: 1000,
      visibleAt: 71_000,
      signs: { by: "only-key", at: 1000 },
    });
  });

  test("a new key may sign once publishers, caches and AWS have it", () => {
    const ring = noteSigned(shown(shown([], 0, "old"), 5000, "old", "new"), "old", 4000);
    const status = statusOf(ring, "new");
    assert.equal(status?.visibleAt, 5000 + 10_000 + 60_000);
    assert.equal(status.maySignFrom, 5000 + 10_000 + 60_000 + 3_600_000);
    assert.equal(status.signs, undefined);
    assert.equal(status.mayDistrustFrom, undefined);
    assert.deepEqual(statusOf(ring, "old")?.signs, { by: "token", at: 4000 });
  });

  test("a key that another has replaced may be distrusted when its last token has expired and AWS forgives it no more", () => {
    const ring = noteSigned(
      noteSigned(shown(shown([], 0, "old"), 5000, "old", "new"), "old", 4000),
      "new",
      9000,
    );
    const status = statusOf(ring, "old");
    assert.equal(status?.mayDistrustFrom, 9000 + day + 300_000);
    assert.equal(status.maySignFrom, undefined);
    assert.deepEqual(statusOf(ring, "new")?.signs, { by: "token", at: 9000 });
  });

  test("of keys that were first seen together none is said to be replaced", () => {
    const ring = noteSigned(shown([], 0, "a", "b"), "a", 0);
    assert.equal(statusOf(ring, "b")?.mayDistrustFrom, undefined);
    assert.equal(statusOf(ring, "b")?.maySignFrom, 3_670_000);
  });

  test("a key that vanished is published until its retention is over, and neither signs nor is to sign", () => {
    const ring = shown(shown([], 1000, "a", "b"), 2000, "b");
    assert.deepEqual(statusOf(ring, "a"), {
      kid: "a",
      alg: "ES256",
      state: "retained",
      shown: false,
      firstSeen: 1000,
      lastSeen: 1000,
      visibleAt: 71_000,
      absentSince: 2000,
      retainedUntil: 2000 + day,
    });
  });

  test("a distrusted key says whether the cluster still shows it, and whether it signs with it", () => {
    const ring = noteSigned(shown([], 0, "a", "b"), "a", 0).map((key) =>
      key.jwk.kid === "a" ? { ...key, distrustedAt: 7 } : key,
    );
    const { state, shown: named, signs, distrustedAt } = statusOf(ring, "a") ?? {};
    assert.deepEqual([state, named, signs, distrustedAt], ["distrusted", true, { by: "token", at: 0 }, 7]);
    const gone = statusOf(shown(ring, 10, "b"), "a");
    assert.deepEqual([gone?.shown, gone?.absentSince, gone?.signs], [false, 10, undefined]);
  });
});

describe("the tokens that a distrusted key refuses", () => {
  const refuses = (ring: KeyRing, kid: string) => {
    const key = ring.find((one) => one.jwk.kid === kid);
    assert.ok(key !== undefined);
    return refusedBy(ring, key, 10_000, times);
  };
  const skew = 300_000;
  const both = shown(shown([], 0, "old"), 5000, "old", "new");

  test("are all that the cluster gives out where it signs with the key, or may", () => {
    const until = 10_000 + day + skew;
    assert.deepEqual(refuses(shown([], 1000, "a"), "a"), { signs: "yes", last: 10_000, until });
    assert.deepEqual(refuses(both, "old"), { signs: "perhaps", last: 10_000, until });
  });

  test("are those from before another key signed, or before the key vanished: a retained one's too", () => {
    const promoted = noteSigned(noteSigned(both, "old", 4000), "new", 9000);
    assert.deepEqual(refuses(promoted, "old"), { signs: "no", last: 9000, until: 9000 + day + skew });
    const retained = shown(promoted, 9500, "new");
    assert.deepEqual(refuses(retained, "old"), { signs: "no", last: 9500, until: 9500 + day + skew });
  });

  test("are none where the key has signed nothing yet", () => {
    assert.deepEqual(refuses(noteSigned(both, "old", 4000), "new"), { signs: "no" });
  });
});
