import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { mapLimit } from "./map-limit.ts";

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await Promise.resolve();
};

describe("mapLimit", () => {
  test("gives results in the order of the items, however long each takes", async () => {
    const results = await mapLimit([30, 1, 20, 2], async (count) => {
      await turns(count);
      return count * 2;
    });
    assert.deepEqual(results, [60, 2, 40, 4]);
    assert.deepEqual(await mapLimit([], () => Promise.reject(new Error("never"))), []);
  });

  test("keeps to its limit, and begins the next as soon as one has ended", async () => {
    let running = 0;
    let max = 0;
    const started: number[] = [];
    await mapLimit(
      [100, 1, 1, 1, 1],
      async (count, index) => {
        running += 1;
        max = Math.max(max, running);
        started.push(index);
        await turns(count);
        // Batches would begin the third only after the long first one.
        if (index === 0) assert.deepEqual(started, [0, 1, 2, 3, 4]);
        running -= 1;
      },
      2,
    );
    assert.equal(max, 2);
  });

  test("begins nothing more after a failure, waits for what runs, and throws the first failure", async () => {
    const ended: number[] = [];
    const work = async (item: number): Promise<void> => {
      await turns(item === 1 ? 2 : 20);
      if (item === 1) throw new Error("first");
      ended.push(item);
      if (item === 0) throw new Error("second");
    };
    await assert.rejects(mapLimit([0, 1, 2, 3], work, 2), /first/u);
    assert.deepEqual(ended, [0]);
  });
});
