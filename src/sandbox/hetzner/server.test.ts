import assert from "node:assert/strict";
import { test } from "node:test";
import { TestClock } from "../../../test/support/clock.ts";
import { HourlyLimit } from "./server.ts";

test("requests are given back one by one as time passes, and not by a jump of the time of day", async () => {
  const clock = new TestClock(1_800_000_000_000);
  const limit = new HourlyLimit(2, clock);
  assert.deepEqual([limit.take(), limit.take(), limit.take()], [true, true, false]);
  clock.jump(3_600_000);
  assert.equal(limit.take(), false);
  await clock.advance(1_800_000);
  assert.deepEqual([limit.take(), limit.take()], [true, false]);
  assert.deepEqual(limit.headers(), {
    "ratelimit-limit": "2",
    "ratelimit-remaining": "0",
    "ratelimit-reset": String(clock.now() / 1000 + 3600),
  });
});
