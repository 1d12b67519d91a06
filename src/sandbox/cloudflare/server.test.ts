import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "../../core/base/index.ts";
import { Budget } from "./server.ts";

/** A clock whose time of day and whose elapsed time move apart. */
function movedClock(): Clock & { at: number; passed: number } {
  return {
    at: 0,
    passed: 0,
    now() {
      return this.at;
    },
    elapsed() {
      return this.passed;
    },
    sleep: () => Promise.resolve(),
  };
}

test("a client that asks too often is shut out for five minutes that pass, whatever the time of day does", () => {
  const clock = movedClock();
  const budget = new Budget(2, clock);
  assert.deepEqual([budget.take(), budget.take(), budget.take()], [0, 0, 300]);
  clock.at += 3_600_000;
  assert.equal(budget.take(), 300);
  clock.passed += 200_000;
  assert.equal(budget.take(), 100);
  clock.passed += 100_000;
  assert.equal(budget.take(), 0);
});

test("an answer says how many requests are left, and when there are all again", () => {
  const clock = movedClock();
  const budget = new Budget(1200, clock);
  budget.take();
  clock.passed += 60_500;
  assert.deepEqual(budget.headers(), {
    ratelimit: '"default";r=1199;t=240',
    "ratelimit-policy": '"burst";q=1200;w=300',
  });
});
