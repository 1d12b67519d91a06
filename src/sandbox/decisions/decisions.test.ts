import assert from "node:assert/strict";
import { test } from "node:test";
import { DecisionLog } from "./index.ts";

test("of decisions without end the last are kept, oldest first, and no more of them however many come", () => {
  const log = new DecisionLog<number>(3);
  for (let count = 1; count <= 20; count += 1) {
    log.add(count);
    const last = Array.from({ length: Math.min(count, 3) }, (_, index) => count - index).reverse();
    assert.deepEqual(log.latest(), last);
  }
  log.clear();
  assert.deepEqual(log.latest(), []);
});
