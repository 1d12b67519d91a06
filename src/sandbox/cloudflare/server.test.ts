import assert from "node:assert/strict";
import { test } from "node:test";
import { TestClock } from "../../../test/support/clock.ts";
import { Budget } from "./server.ts";

test("a client that asks too often is shut out for five minutes that pass, whatever the time of day does", async () => {
  const clock = new TestClock();
  const budget = new Budget(2, clock);
  assert.deepEqual([budget.take(), budget.take(), budget.take()], [0, 0, 300]);
  clock.jump(3_600_000);
  assert.equal(budget.take(), 300);
  await clock.advance(200_000);
  assert.equal(budget.take(), 100);
  await clock.advance(100_000);
  assert.equal(budget.take(), 0);
});

test("an answer says how many requests are left, and when there are all again", async () => {
  const clock = new TestClock();
  const budget = new Budget(1200, clock);
  budget.take();
  await clock.advance(60_500);
  assert.deepEqual(budget.headers(), {
    ratelimit: '"default";r=1199;t=240',
    "ratelimit-policy": '"burst";q=1200;w=300',
  });
});
