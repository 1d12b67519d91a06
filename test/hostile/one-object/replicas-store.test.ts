/** Somebody who may write the Secret that a publisher's replicas share, and nothing else: also with their token. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import * as fc from "fast-check";
import type { PublicJwk } from "../../../src/rules/keys/index.ts";
import { proofOf } from "../../../src/providers/kubernetes/index.ts";
import { TestClock } from "../../support/clock.ts";
import { OneSecret } from "../../support/one-secret.ts";
import { newKey } from "../../support/publisher.ts";
import { issuer, keyFolderOf, startReplica, storeKey } from "../../support/replicas.ts";
import { leastOwnTime } from "../../support/processor-time.ts";
import { runs } from "../../support/runs.ts";
import { kidsOf } from "../../publisher/support.ts";
import { anyWrite, manyDistrusts, pass } from "./writes.ts";

const entry = "documents.test";
const proof = "proof.documents.test";
const hour = 3_600_000;
const setOf = (keys: readonly PublicJwk[]): ReadonlySet<string> => new Set(keys.map(({ kid }) => kid));

const world = (t: TestContext) => ({
  t,
  secret: new OneSecret(),
  clock: new TestClock(),
  folder: keyFolderOf(t),
});

function forged(now: number, keys: readonly object[]): string {
  return JSON.stringify({ format: 1, issuer, confirmedAt: now, changedAt: now, keys });
}

describe("who may write the Secret that replicas share", () => {
  test("has no key published by it, neither by a running replica nor by a new one, and sets off an alarm", async (t) => {
    const place = world(t);
    const keys = [newKey(), newKey()];
    const first = await startReplica(place, [...keys]);
    await first.to.publisher.ready();
    const now = place.clock.now();
    const key = { jwk: newKey(), firstSeen: now, lastSeen: now };
    for (const name of [undefined, proof]) {
      place.secret.write(entry, forged(now, [key]));
      // With the proof of another text, and with none.
      if (name !== undefined) place.secret.write(name, "");
      await place.clock.advance(5000);
      assert.deepEqual(new Set(await kidsOf(first.to)), setOf(keys));
      const fresh = await startReplica(place, [...keys]);
      await fresh.to.publisher.ready();
      assert.deepEqual(new Set(await kidsOf(fresh.to)), setOf(keys));
      await fresh.end();
    }
    const { to } = first;
    assert.match(to.log.of("error").join(), /not written by a replica/u);
    assert.match(to.publisher.status().issuers[0]?.warnings.join() ?? "", /not written by a replica/u);
    assert.match((await to.admin("/metrics")).text, /podtrust_store_forged_total\{stack="test"\} [1-9]/u);
    await first.end();
  });

  test("lifts no distrust, prolongs no key and takes no signing one by an old copy, and the replicas write theirs again", async (t) => {
    const place = world(t);
    const [old, stolen, signs] = [newKey(), newKey(), newKey()];
    const { to, end } = await startReplica(place, [old, stolen, signs]);
    await to.publisher.ready();
    await to.publisher.refresh();
    const copy = [entry, proof].map((name) => [name, place.secret.text(name) ?? ""] as const);
    assert.ok(copy.every(([, text]) => text !== ""));
    to.cluster.keys = [stolen, signs];
    await to.publisher.refresh();
    await to.publisher.distrust(stolen.kid, { force: true });
    for (let hours = 0; hours < 30; hours += 1) {
      for (const [name, text] of copy) place.secret.write(name, text);
      await pass(to, 10_000);
      place.clock.jump(hour);
    }
    assert.deepEqual(await kidsOf(to), [signs.kid]);
    assert.match(place.secret.text(entry) ?? "", /"distrustedAt"/u);
    await end();
    for (const [name, text] of copy) place.secret.write(name, text);
    const fresh = await startReplica(place, [signs]);
    await fresh.to.publisher.ready();
    assert.deepEqual(await kidsOf(fresh.to), [signs.kid]);
    await fresh.end();
  });

  test("costs a replica a moment by a mebibyte of keys, takes no distrust of its own away by it, and keeps none from being kept", async (t) => {
    const place = world(t);
    const keys = [newKey(), newKey()];
    const { to, end } = await startReplica(place, [...keys]);
    await to.publisher.ready();
    const forgery = manyDistrusts(issuer, 1800);
    assert.ok(forgery.length > 700_000);
    const spent = await leastOwnTime(3, async () => {
      place.secret.write(entry, forgery);
      await place.clock.advance(5000);
    });
    // Reading all of it takes three seconds.
    assert.ok(spent < 1000, `${spent} ms`);
    const [stolen, other] = keys;
    const { persisted } = await to.publisher.distrust(stolen?.kid ?? "", { force: true });
    assert.ok(persisted);
    place.secret.delete(entry);
    place.secret.delete(proof);
    await pass(to, 60_000);
    assert.match(place.secret.text(entry) ?? "", /"distrustedAt"/u);
    assert.deepEqual(await kidsOf(to), [other?.kid]);
    await end();
  });

  test("has nothing taken of another stack's documents, or of its own under another stack's name, though each is proven", async (t) => {
    const place = world(t);
    const [own, foreign] = [newKey(), newKey()];
    const first = await startReplica(place, [own]);
    await first.to.publisher.ready();
    const theirs = forged(place.clock.now(), [
      { jwk: foreign, firstSeen: place.clock.now(), lastSeen: place.clock.now() },
    ]);
    place.secret.write("documents.other", theirs);
    place.secret.write("proof.documents.other", proofOf(storeKey, "documents.other", theirs));
    for (const name of ["documents", "proof.documents"])
      place.secret.write(`${name}.test`, place.secret.text(`${name}.other`) ?? "");
    await pass(first.to, 60_000);
    assert.deepEqual(await kidsOf(first.to), [own.kid]);
    assert.equal(place.secret.text("documents.other"), theirs);
    await first.end();
  });

  test("whatever is written for an hour, no foreign key is published, no distrust lifted, and never none published", async (t) => {
    const keys = [newKey(), newKey(), newKey()];
    const [stolen = ""] = keys.map(({ kid }) => kid);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.boolean(), anyWrite({ issuer, keys: [...keys, newKey(), newKey()] })), {
          minLength: 30,
          maxLength: 30,
        }),
        async (writes) => {
          const place = world(t);
          const { to, end } = await startReplica(place, [...keys]);
          await to.publisher.ready();
          await to.publisher.distrust(stolen, { force: true });
          for (const [withoutProof, write] of writes) {
            place.secret.write(entry, write(place.clock.now(), place.secret.text(entry)));
            if (withoutProof) place.secret.write(proof, "");
            await pass(to, 120_000);
            const published = await kidsOf(to);
            assert.ok(published.length > 0);
            for (const kid of published) assert.ok(setOf(keys).has(kid) && kid !== stolen);
          }
          await end();
        },
      ),
      { numRuns: runs(3) },
    );
  });
});
