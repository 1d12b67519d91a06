import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { distrustEffective, rotationTimeline, type RotationInput } from "./index.ts";

const input: RotationInput = {
  createdAt: 1_000_000,
  pollSeconds: 12,
  publisherCacheSeconds: 60,
  awsCacheSeconds: 10,
  longestTokenSeconds: 3600,
};

test("before the promotion, the drop is counted from the earliest moment it may happen", () => {
  const timeline = rotationTimeline(input);
  assert.equal(timeline.created.at, 1_000_000);
  assert.equal(timeline.published.at, 1_000_012);
  assert.equal(timeline.promotable.at, 1_000_082);
  assert.equal(timeline.promoted, undefined);
  assert.equal(timeline.promotedEarly, false);
  assert.equal(timeline.droppable.at, 1_000_082 + 3600 + 300);
  assert.equal(timeline.forgotten.at, timeline.droppable.at + 12 + 60 + 10);
  assert.match(
    timeline.droppable.why,
    /the new key may sign, lives 3600 s, and AWS accepts it for 300 s more/u,
  );
});

test("after it, from the promotion itself", () => {
  const timeline = rotationTimeline({ ...input, promotedAt: 1_000_500, skewSeconds: 0 });
  assert.equal(timeline.promoted?.at, 1_000_500);
  assert.equal(timeline.promotedEarly, false);
  assert.equal(timeline.droppable.at, 1_004_100);
  assert.match(timeline.droppable.why, /the new key signs/u);
});

test("a promotion before its time is told", () => {
  assert.equal(rotationTimeline({ ...input, promotedAt: 1_000_081 }).promotedEarly, true);
  assert.equal(rotationTimeline({ ...input, promotedAt: 1_000_082 }).promotedEarly, false);
});

test("every instant says why", () => {
  const { created, published, promotable, promoted, droppable, forgotten } = rotationTimeline({
    ...input,
    promotedAt: 1_000_500,
  });
  for (const instant of [created, published, promotable, promoted, droppable, forgotten]) {
    assert.match(instant?.why ?? "", /^[A-Z].{30,}\.$/u);
  }
});

test("a distrusted key is gone when the caches have run out", () => {
  const { at, why } = distrustEffective(500, { publisherCacheSeconds: 60, awsCacheSeconds: 5 });
  assert.equal(at, 565);
  assert.match(why, /60 s of its Cache-Control and 5 s by AWS/u);
});

test("what is no time is the caller's mistake", () => {
  const names = [
    "createdAt",
    "pollSeconds",
    "publisherCacheSeconds",
    "awsCacheSeconds",
    "longestTokenSeconds",
  ];
  for (const name of [...names, "skewSeconds", "promotedAt"]) {
    for (const value of [-1, Number.NaN, Infinity]) {
      assert.throws(() => rotationTimeline({ ...input, [name]: value }), {
        name: "TypeError",
        message: new RegExp(name, "u"),
      });
    }
  }
  assert.throws(() => distrustEffective(-1, input), TypeError);
});

test("property: the instants follow one another, and no token of the old key outlives it", () => {
  const seconds = fc.nat({ max: 1_000_000 });
  fc.assert(
    fc.property(
      fc.record({
        createdAt: seconds,
        pollSeconds: seconds,
        publisherCacheSeconds: seconds,
        awsCacheSeconds: seconds,
        longestTokenSeconds: seconds,
        skewSeconds: seconds,
      }),
      fc.option(seconds, { nil: undefined }),
      (times, wait) => {
        const early = rotationTimeline(times);
        const promotedAt = wait === undefined ? {} : { promotedAt: early.promotable.at + wait };
        const line = rotationTimeline({ ...times, ...promotedAt });
        assert.ok(line.created.at <= line.published.at && line.published.at <= line.promotable.at);
        assert.ok(line.promotable.at <= line.droppable.at && line.droppable.at <= line.forgotten.at);
        const lastToken = (line.promoted ?? line.promotable).at;
        assert.ok(lastToken + times.longestTokenSeconds + times.skewSeconds <= line.droppable.at);
        assert.equal(line.promotedEarly, false);
      },
    ),
  );
});
