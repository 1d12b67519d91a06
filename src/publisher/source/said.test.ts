import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { newKey } from "../../../test/support/publisher.ts";
import type { PublicJwk } from "../../rules/keys/index.ts";
import { type KeyRing, type KnownKey, publishedKeys } from "./keys.ts";
import { weigh } from "./said.ts";

const [a, b, c] = [newKey(), newKey(), newKey()];
const known = (jwk: PublicJwk, more: Partial<KnownKey> = {}): KnownKey => ({
  jwk,
  firstSeen: 1,
  lastSeen: 9,
  ...more,
});
const said = (jwk: PublicJwk, at = 5): KnownKey => ({ jwk, firstSeen: at, lastSeen: at, distrustedAt: at });
const signing = { signed: { first: 2, last: 8 } };
const gone = { absentSince: 9 };
const kids = (ring: KeyRing): readonly string[] => publishedKeys(ring).map(({ kid }) => kid);

describe("a distrust that is only said where others may write", () => {
  test("takes a key away, under any kid, and any key under its kid", () => {
    const ring = [known(a, signing), known(b), known(c, gone)];
    for (const one of [said(b), said({ ...b, kid: "other" }), said({ ...newKey(), kid: b.kid })]) {
      const { ring: next, taken, withheld } = weigh(ring, [one]);
      assert.deepEqual([kids(next), taken, withheld], [[a.kid, c.kid], [b.kid], []]);
    }
    assert.deepEqual(kids(weigh(ring, [said(c)]).ring), [a.kid, b.kid]);
  });

  test("does not take the last key, nor the last that the cluster shows", () => {
    for (const ring of [[known(a)], [known(a), known(b, gone)], [known(a), known(b, { distrustedAt: 3 })]]) {
      const weighed = weigh(ring, [said(a)]);
      assert.equal(weighed.ring, ring);
      assert.deepEqual([weighed.taken, weighed.withheld], [[], [{ kid: a.kid, reason: "last" }]]);
    }
  });

  test("does not take the key that the cluster is seen to sign with, under any kid, and takes it once it is not", () => {
    const ring = [known(a, signing), known(b)];
    for (const one of [said(a), said({ ...a, kid: "other" }), said({ ...newKey(), kid: a.kid })])
      assert.deepEqual(weigh(ring, [one]).withheld, [{ kid: a.kid, reason: "signs" }]);
    const later = [known(a, signing), known(b, { signed: { first: 9, last: 9 } })];
    assert.deepEqual(kids(weigh(later, [said(a)]).ring), [b.kid]);
  });

  test("leaves a key of those that it names together", () => {
    const ring = [known(a), known(b), known(c)];
    const weighed = weigh(ring, [said(a), said(b), said(c)]);
    assert.equal(kids(weighed.ring).length, 1);
    assert.equal(weighed.withheld.length, 1);
  });

  test("is over once a person took back that very one", () => {
    const ring = [known(a, signing), known(b, { takenBack: 5 })];
    assert.deepEqual(weigh(ring, [said(b, 5)]), { ring, taken: [], withheld: [] });
    assert.deepEqual(weigh(ring, [said(b, 6)]).taken, [b.kid]);
  });
});
