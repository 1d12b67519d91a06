import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Evictions } from "./evictions.ts";

describe("evictions are held back", () => {
  test("a few a minute go in all, and of one owner one each half minute", () => {
    const evictions = new Evictions({ perMinute: 2 });
    assert.equal(evictions.turn("a", 3, 0), 0);
    evictions.begins("a", 0);
    assert.equal(evictions.turn("a", 3, 10_000), 20_000);
    assert.equal(evictions.turn("b", 1, 10_000), 0);
    evictions.begins("b", 10_000);
    assert.equal(evictions.turn("c", 1, 20_000), 40_000);
    assert.equal(evictions.turn("c", 1, 60_000), 0);
  });

  test("an owner whom three evictions did not help is left alone, until none of its pods is faulty", () => {
    const evictions = new Evictions({ perMinute: 100 });
    const turns: unknown[] = [];
    for (let at = 0; at < 6 * 60_000; at += 60_000) {
      const turn = evictions.turn("a", 3, at);
      turns.push(turn);
      if (turn !== 0) continue;
      evictions.begins("a", at);
      evictions.went("a", 3);
    }
    assert.deepEqual(turns, [0, 0, 0, "never", "never", "never"]);
    evictions.forget("a");
    assert.equal(evictions.turn("a", 3, 10 * 60_000), 0);
  });

  test("an owner whose faulty pods become fewer goes on to the last, and a budget that forbids counts for nothing", () => {
    const evictions = new Evictions({ perMinute: 100 });
    for (let faulty = 9; faulty > 0; faulty -= 1) {
      const at = (9 - faulty) * 60_000;
      assert.equal(evictions.turn("a", faulty, at), 0);
      evictions.begins("a", at);
      evictions.went("a", faulty);
    }
    for (let times = 0; times < 5; times += 1) {
      assert.equal(evictions.turn("b", 1, 3_600_000 + times * 60_000), 0);
      evictions.begins("b", 3_600_000 + times * 60_000);
    }
    evictions.went("another", 1);
  });

  test("an owner whose new pods would be the same is left alone for ten minutes, and takes no other owner's turn", () => {
    const evictions = new Evictions({ perMinute: 1 });
    evictions.begins("a", 0);
    assert.equal(evictions.spare("a", 100), 600_000);
    assert.equal(evictions.turn("a", 1, 60_100), 540_000);
    assert.equal(evictions.turn("b", 1, 100), 0);
    assert.equal(evictions.turn("a", 1, 600_100), 0);
    assert.equal(evictions.spare("another", 0), 0);
  });
});
