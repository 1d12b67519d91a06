import assert from "node:assert/strict";
import { test } from "node:test";
import { backoffDelay } from "./backoff.ts";

test("the delay after failures doubles from the first to the longest, and half of it is chance", () => {
  const bounds = { first: 400, max: 30_000 };
  const least = [1, 2, 3, 7, 8, 1000].map((count) => backoffDelay(count, { ...bounds, chance: () => 0 }));
  assert.deepEqual(least, [200, 400, 800, 12_800, 15_000, 15_000]);
  const longest = [1, 2, 8].map((count) => backoffDelay(count, { ...bounds, chance: (below) => below - 1 }));
  assert.deepEqual(longest, [400, 800, 30_000]);
});
