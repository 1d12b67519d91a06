import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SmallestFirst } from "./smallest-first.ts";

const turnOfLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the turns of reviews", () => {
  test("come one in a turn of the event loop, the smallest first", async () => {
    const turns = new SmallestFirst(() => 0);
    const begun: number[] = [];
    for (const bytes of [3_000_000, 10_000, 20_000, 10_001])
      void turns.take(bytes).then(() => begun.push(bytes));
    await turnOfLoop();
    assert.deepEqual(begun, [10_000]);
    for (let turn = 0; turn < 3; turn += 1) await turnOfLoop();
    assert.deepEqual(begun, [10_000, 10_001, 20_000, 3_000_000]);
  });

  test("come to a large one that has let others pass for a second", async () => {
    let now = 0;
    const turns = new SmallestFirst(() => now);
    const begun: string[] = [];
    void turns.take(3_000_000).then(() => begun.push("large"));
    now = 1000;
    void turns.take(10_000).then(() => begun.push("small"));
    await turnOfLoop();
    assert.deepEqual(begun, ["large"]);
  });

  test("come to a small one after one of a hundred large ones that have waited for long", async () => {
    let now = 0;
    const turns = new SmallestFirst(() => now);
    const begun: string[] = [];
    for (let count = 0; count < 100; count += 1) void turns.take(3_000_000).then(() => begun.push("large"));
    now = 1000;
    for (let count = 0; count < 2; count += 1) void turns.take(10_000).then(() => begun.push("small"));
    for (let turn = 0; turn < 4; turn += 1) await turnOfLoop();
    assert.deepEqual(begun, ["large", "small", "large", "small"]);
  });
});
