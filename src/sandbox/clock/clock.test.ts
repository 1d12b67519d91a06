import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { systemClock } from "../../core/base/index.ts";
import { MovableClock } from "./clock.ts";
import { settle } from "../../../test/support/clock.ts";

const hour = 3_600_000;

describe("a clock that a test moves", () => {
  test("shows the time of the clock beneath until it is moved, and again once it is put back", () => {
    const clock = new MovableClock({ ...systemClock, now: () => 1000, elapsed: () => 10 });
    assert.deepEqual([clock.now(), clock.elapsed(), clock.ahead], [1000, 10, 0]);
    clock.advance(hour);
    assert.deepEqual([clock.now(), clock.elapsed(), clock.ahead], [1000 + hour, 10 + hour, hour]);
    assert.equal(clock.unmoved.now(), 1000);
    clock.restore();
    assert.deepEqual([clock.now(), clock.ahead], [1000, 0]);
  });

  test("over a clock that can be moved is that clock, and over any other one a clock of its own", () => {
    const clock = new MovableClock();
    assert.equal(MovableClock.over(clock), clock);
    assert.equal(MovableClock.over(systemClock).unmoved, systemClock);
    assert.equal(MovableClock.over(undefined).unmoved, systemClock);
  });

  test("wakes those whose time has come, and lets others sleep on", async () => {
    const clock = new MovableClock();
    const ending = new AbortController();
    let woken = false;
    const long = clock.sleep(2 * hour, ending.signal);
    const short = clock.sleep(hour).then(() => (woken = true));
    clock.advance(hour / 2);
    await settle();
    assert.equal(woken, false);
    clock.advance(hour / 2);
    await short;
    ending.abort(new Error("enough"));
    await assert.rejects(long, /enough/u);
  });

  test("goes back by nothing, and nowhere by what is no time", () => {
    const clock = new MovableClock();
    for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY, 1e15]) {
      assert.throws(() => clock.advance(wrong), { code: "usage" }, String(wrong));
    }
    assert.equal(clock.ahead, 0);
  });
});
