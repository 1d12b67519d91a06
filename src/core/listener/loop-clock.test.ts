import assert from "node:assert/strict";
import { test } from "node:test";
import { LoopClock } from "./loop-clock.ts";

test("time passes between ticks, and no more than so much of it", () => {
  let real = 1000;
  const clock = new LoopClock(() => real, 500);
  assert.equal(clock.elapsed(), 0);
  real += 300;
  assert.equal(clock.elapsed(), 300);
  clock.tick();
  real += 10_000;
  assert.equal(clock.elapsed(), 800);
  clock.tick();
  assert.equal(clock.elapsed(), 800);
  real += 100;
  assert.equal(clock.elapsed(), 900);
});
