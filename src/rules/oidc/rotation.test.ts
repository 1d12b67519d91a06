import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { defined, mapped } from "../../core/base/index.ts";
import { forgottenAt, relyingParties, type RotationInput, rotationTimeline } from "./index.ts";

const second = 1000;
const input: RotationInput = {
  createdAt: 1_000_000_000,
  poll: 12 * second,
  caches: { publisher: 60 * second, relyingParty: 10 * second },
  maxToken: 3600 * second,
};

describe("the timeline of a rotation", () => {
  test("lets a new key sign once publishers, caches and AWS have it", () => {
    const { created, published, visible, maySign } = rotationTimeline(input);
    assert.equal(created.at, 1_000_000_000);
    assert.equal(published.at, 1_000_012_000);
    assert.equal(visible.at, 1_000_072_000);
    assert.equal(maySign.at, 1_000_082_000);
  });

  test("counts AWS's own cache, an hour where nothing else is known", () => {
    const { visible, maySign } = rotationTimeline({ ...input, caches: { publisher: 60 * second } });
    assert.equal(maySign.at - visible.at, relyingParties.aws.keys.fetchedMs);
    assert.equal(relyingParties.aws.keys.fetchedMs, 3600 * second);
  });

  test("counts the old key's end from the earliest promotion while the new key does not sign", () => {
    const timeline = rotationTimeline(input);
    assert.equal(timeline.promoted, undefined);
    assert.equal(timeline.promotedEarly, false);
    assert.equal(timeline.expired.at, timeline.maySign.at + 3600 * second);
    assert.equal(timeline.mayDistrust.at, timeline.expired.at + 300 * second);
    assert.equal(timeline.forgotten.at, timeline.mayDistrust.at + 70 * second);
    assert.match(timeline.expired.why, /made just before the new key may sign, lives 3600 s/u);
  });

  test("counts the old key's end from the promotion once it is known", () => {
    const timeline = rotationTimeline({ ...input, promotedAt: 1_000_500_000 });
    assert.equal(timeline.promoted?.at, 1_000_500_000);
    assert.equal(timeline.expired.at, 1_004_100_000);
    assert.match(timeline.expired.why, /the new key signs/u);
  });

  test("reports a promotion that came too early", () => {
    assert.equal(rotationTimeline({ ...input, promotedAt: 1_000_081_999 }).promotedEarly, true);
    assert.equal(rotationTimeline({ ...input, promotedAt: 1_000_082_000 }).promotedEarly, false);
  });

  test("says of every instant why it is that one", () => {
    const { promotedEarly: _early, ...instants } = rotationTimeline({ ...input, promotedAt: 1_000_500_000 });
    for (const instant of Object.values(instants)) assert.match(instant?.why ?? "", /^[A-Z].{20,}\.$/u);
  });
});

test("a key that is taken out is forgotten when Cache-Control's and AWS's caches have run out", () => {
  assert.deepEqual(forgottenAt(500, { publisher: 60, relyingParty: 5 }), { visible: 560, all: 565 });
});

test("a number that is no time is the caller's mistake, named", () => {
  for (const value of [-1, Number.NaN, Infinity]) {
    for (const name of ["createdAt", "poll", "maxToken", "promotedAt"]) {
      assert.throws(() => rotationTimeline({ ...input, [name]: value }), {
        name: "TypeError",
        message: new RegExp(name, "u"),
      });
    }
    for (const name of ["publisher", "relyingParty"]) {
      const caches = { publisher: 1, relyingParty: 1, [name]: value };
      assert.throws(() => rotationTimeline({ ...input, caches }), {
        name: "TypeError",
        message: new RegExp(`caches.${name}`, "u"),
      });
    }
  }
  assert.throws(() => forgottenAt(-1, input.caches), TypeError);
});

test("property: the moves follow one another, and no token of the old key outlives it", () => {
  const time = fc.nat({ max: 1_000_000_000 });
  fc.assert(
    fc.property(
      fc.record({
        createdAt: time,
        poll: time,
        caches: fc.record({ publisher: time, relyingParty: time }),
        maxToken: time,
      }),
      fc.option(time, { nil: undefined }),
      (times, wait) => {
        const early = rotationTimeline(times);
        const promotedAt = defined({ promotedAt: mapped(wait, (ms) => early.maySign.at + ms) });
        const line = rotationTimeline({ ...times, ...promotedAt });
        const moves = [
          line.created,
          line.published,
          line.visible,
          line.maySign,
          line.promoted ?? line.maySign,
        ];
        moves.push(line.expired, line.mayDistrust, line.forgotten);
        for (const [index, move] of moves.entries())
          assert.ok(move.at >= (moves[index - 1]?.at ?? 0), `move ${index}`);
        assert.ok((line.promoted ?? line.maySign).at + times.maxToken <= line.mayDistrust.at);
        assert.equal(line.promotedEarly, false);
      },
    ),
  );
});
