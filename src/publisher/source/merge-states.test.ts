import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { newKey } from "../../../test/support/publisher.ts";
import { type KeyRing, type KnownKey, publishedKeys } from "./keys.ts";
import { mergeRings, mergeStates } from "./merge-states.ts";
import { emptyState } from "./state.ts";

const [a, b] = [newKey(), newKey()];
const how = { now: 1000, keyRetention: 100 };
const key = (jwk = a, more: Partial<KnownKey> = {}): KnownKey => ({
  jwk,
  firstSeen: 10,
  lastSeen: 20,
  ...more,
});
const kids = (ring: KeyRing): readonly string[] => publishedKeys(ring).map(({ kid }) => kid);

describe("what two replicas know of keys", () => {
  test("a key that one distrusts is out for both, whichever learns of it from the other", () => {
    const [distrusted, trusted] = [key(a, { distrustedAt: 500 }), key(a)];
    for (const [own, theirs] of [
      [distrusted, trusted],
      [trusted, distrusted],
    ] as const) {
      const [merged] = mergeRings([own], [theirs], how);
      assert.equal(merged?.distrustedAt, 500);
      assert.deepEqual(kids(mergeRings([own], [theirs], how)), []);
    }
  });

  test("a distrust that was taken back is over for both, and a later one is not", () => {
    const back = key(a, { takenBack: 500 });
    for (const [own, theirs] of [
      [back, key(a, { distrustedAt: 500 })],
      [key(a, { distrustedAt: 500 }), back],
    ] as const)
      assert.deepEqual(kids(mergeRings([own], [theirs], how)), [a.kid]);
    assert.deepEqual(kids(mergeRings([back], [key(a, { distrustedAt: 600 })], how)), []);
  });

  test("a distrusted key under a kid stays out, whatever key the cluster shows one of them under it", () => {
    const other = { ...newKey(), kid: a.kid };
    assert.deepEqual(kids(mergeRings([key(other)], [key(a, { distrustedAt: 500 })], how)), []);
    assert.deepEqual(kids(mergeRings([key(a, { distrustedAt: 500 })], [key(other)], how)), []);
  });

  test("a key that vanished before one of them began is kept by both until its time is over", () => {
    assert.deepEqual(kids(mergeRings([key(a)], [key(b, { absentSince: 901 })], how)), [a.kid, b.kid].sort());
    assert.deepEqual(kids(mergeRings([key(a)], [key(b, { absentSince: 900 })], how)), [a.kid]);
  });

  test("a key that only an old copy has counts from when that copy last saw it, and is not kept for longer by it", () => {
    const [kept] = mergeRings([], [key(b, { lastSeen: 901 })], how);
    assert.equal(kept?.absentSince, 901);
    assert.deepEqual(mergeRings([key(a)], [key(b, { lastSeen: 900 })], how), [key(a)]);
  });

  test("whether the cluster shows a key is each one's own affair", () => {
    const [merged] = mergeRings([key(a)], [key(a, { absentSince: 950 })], how);
    assert.equal(merged?.absentSince, undefined);
    const [gone] = mergeRings([key(a, { absentSince: 950 })], [key(a)], how);
    assert.equal(gone?.absentSince, 950);
  });

  test("times of sightings and of tokens are those of both", () => {
    const own = key(a, { firstSeen: 5, lastSeen: 30, signed: { first: 7, last: 8 } });
    const theirs = key(a, { firstSeen: 6, lastSeen: 40, signed: { first: 6, last: 9 } });
    assert.deepEqual(mergeRings([own], [theirs], how), [
      { jwk: a, firstSeen: 5, lastSeen: 40, signed: { first: 6, last: 9 } },
    ]);
  });

  test("a replica that knows nothing takes everything over, says from which one, and lists what is distrusted", () => {
    const seen = key(a, { lastSeen: 990 });
    const theirs = { ring: [seen, key(b, { distrustedAt: 500 })], confirmedAt: 990, changedAt: 980 };
    const { state, changed, events } = mergeStates(emptyState, theirs, how);
    assert.deepEqual([state.from, state.confirmedAt, changed], ["replicas", 990, true]);
    assert.deepEqual(events, [{ type: "key-distrusted", kid: b.kid }]);
  });

  test("what a replica knows already changes nothing that is published", () => {
    const state = { ...emptyState, ring: [key(a)], confirmedAt: 995, changedAt: 990 };
    const { changed, events, state: merged } = mergeStates(state, { ring: [key(a)] }, how);
    assert.deepEqual([changed, events, merged.changedAt], [false, [], 990]);
  });
});
