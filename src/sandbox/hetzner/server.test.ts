import assert from "node:assert/strict";
import { test } from "node:test";
import { HourlyLimit } from "./server.ts";

/** A clock whose time of day and whose elapsed time move apart. */
const clock = {
  at: 1_800_000_000_000,
  passed: 0,
  now: (): number => clock.at,
  elapsed: (): number => clock.passed,
  sleep: (): Promise<void> => Promise.resolve(),
};

test("requests are given back one by one as time passes, and not by a jump of the time of day", () => {
  const limit = new HourlyLimit(2, clock);
  assert.deepEqual([limit.take(), limit.take(), limit.take()], [true, true, false]);
  clock.at += 3_600_000;
  assert.equal(limit.take(), false);
  clock.passed += 1_800_000;
  assert.deepEqual([limit.take(), limit.take()], [true, false]);
  assert.deepEqual(limit.headers(), {
    "ratelimit-limit": "2",
    "ratelimit-remaining": "0",
    "ratelimit-reset": String(clock.at / 1000 + 3600),
  });
});
