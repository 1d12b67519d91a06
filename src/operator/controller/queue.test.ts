import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { array, assert as holds, nat, property } from "fast-check";
import { settle, TestClock } from "../../../test/support/clock.ts";
import { DelayedKeys, type QueueOptions, WorkQueue } from "./queue.ts";

const never = new AbortController().signal;

/** A queue whose waits are as long as they may be. */
function queueOf(options: Pick<QueueOptions, "limit" | "perShare" | "shareOf"> = {}): {
  queue: WorkQueue;
  clock: TestClock;
} {
  const clock = new TestClock();
  return { clock, queue: new WorkQueue({ clock, chance: (below) => below - 1, ...options }) };
}

/** What is taken from now on, in order, by a worker that never says that it is done. */
function taking(queue: WorkQueue): string[] {
  const taken: string[] = [];
  const work = async (): Promise<void> => {
    for (;;) taken.push(await queue.take(never));
  };
  void work();
  return taken;
}

describe("the work queue", () => {
  test("a key that is added many times is taken once, and once more when it changes while it runs", async () => {
    const { queue } = queueOf();
    for (let times = 0; times < 5; times += 1) queue.add("a/x");
    assert.equal(queue.ready, 1);
    const taken = taking(queue);
    await settle();
    queue.add("a/x");
    queue.add("a/x");
    await settle();
    assert.deepEqual(taken, ["a/x"], "never two of one key at a time");
    queue.done("a/x");
    await settle();
    assert.deepEqual(taken, ["a/x", "a/x"]);
    queue.done("a/x");
    await settle();
    assert.equal(taken.length, 2);
  });

  test("a namespace with thousands of keys delays no other", async () => {
    const { queue } = queueOf();
    for (let index = 0; index < 5000; index += 1) queue.add(`many/${index}`);
    queue.add("few/one");
    queue.add("few/two");
    queue.add("of-the-cluster");
    const first: string[] = [];
    for (let index = 0; index < 5; index += 1) first.push(await queue.take(never));
    assert.deepEqual(first, ["many/0", "few/one", "of-the-cluster", "many/1", "few/two"]);
  });

  test("a namespace has at most its share of what runs, and what waits for it has its turn when one of its ends", async () => {
    const { queue } = queueOf({ perShare: 2 });
    for (let index = 0; index < 4; index += 1) queue.add(`many/${index}`);
    const taken = taking(queue);
    await settle();
    assert.deepEqual(taken, ["many/0", "many/1"]);
    queue.add("few/one");
    await settle();
    assert.deepEqual(taken.slice(2), ["few/one"]);
    queue.done("many/0");
    await settle();
    queue.failed("many/1");
    await settle();
    assert.deepEqual(taken.slice(3), ["many/2", "many/3"]);
    queue.clear();
    for (let index = 4; index < 8; index += 1) queue.add(`many/${index}`);
    await settle();
    assert.deepEqual(taken.slice(5), ["many/4", "many/5"], "a new leader counts anew");
  });

  test("namespaces that share have at most their share together, and one that leaves it meanwhile is counted where it began", async () => {
    const shared = new Set(["one", "two", "three"]);
    const namespaceOf = (key: string): string => key.split("/")[0] ?? "";
    const shareOf = (key: string): string => (shared.has(namespaceOf(key)) ? "together" : namespaceOf(key));
    const { queue } = queueOf({ perShare: 2, shareOf });
    for (const key of ["one/a", "two/a", "three/a", "three/b", "other/a"]) queue.add(key);
    const taken = taking(queue);
    await settle();
    assert.deepEqual(taken, ["one/a", "two/a", "other/a"]);
    shared.delete("one");
    queue.done("one/a");
    await settle();
    assert.deepEqual(taken.slice(3), ["three/a"]);
    queue.done("two/a");
    queue.done("three/a");
    await settle();
    for (const key of ["two/a", "two/b"]) queue.add(key);
    await settle();
    assert.deepEqual(taken.slice(4), ["three/b", "two/a"], "two at a time, as before");
  });

  test("waits after failures grow up to five minutes, and a success forgets them", async () => {
    const { queue, clock } = queueOf();
    queue.add("a/x");
    const waits: number[] = [];
    for (let times = 0; times < 12; times += 1) {
      await queue.take(never);
      waits.push(queue.failed("a/x"));
      assert.equal(queue.failing, 1);
      await clock.advance(waits.at(-1) ?? 0);
    }
    assert.deepEqual(waits.slice(0, 4), [500, 1000, 2000, 4000]);
    assert.deepEqual(waits.slice(-2), [300_000, 300_000]);
    await queue.take(never);
    queue.done("a/x");
    assert.equal(queue.failing, 0);
    queue.add("a/x");
    await queue.take(never);
    assert.equal(queue.failed("a/x"), 500);
  });

  test("of waits after a failure half is chance, so that many that failed together do not come back together", () => {
    const clock = new TestClock();
    const waits = new Set<number>();
    for (let index = 0; index < 200; index += 1) {
      const queue = new WorkQueue({ clock });
      queue.add("a/x");
      void queue.take(never);
      waits.add(queue.failed("a/x"));
    }
    assert.ok(waits.size > 50, `${waits.size} different waits`);
    assert.ok([...waits].every((wait) => wait >= 250 && wait <= 500));
  });

  test("a change of what failed brings it forward to a second, and not to at once", async () => {
    const { queue, clock } = queueOf();
    queue.add("a/x");
    for (let times = 0; times < 8; times += 1) {
      await queue.take(never);
      await clock.advance(queue.failed("a/x") - 1);
      if (times < 7) await clock.advance(1);
    }
    await clock.advance(0);
    const taken = taking(queue);
    await clock.advance(1);
    assert.deepEqual(taken, ["a/x"]);
    queue.failed("a/x");
    queue.add("a/x");
    await clock.advance(999);
    assert.equal(taken.length, 1);
    await clock.advance(1);
    assert.equal(taken.length, 2);
  });

  test("what asks to be looked at again is, after just so long, unless it changes sooner", async () => {
    const { queue, clock } = queueOf();
    queue.add("a/x");
    const taken = taking(queue);
    await settle();
    queue.done("a/x", { againAfterMs: 3_600_000 });
    await clock.advance(3_599_999);
    assert.equal(taken.length, 1);
    await clock.advance(1);
    assert.equal(taken.length, 2);
    queue.done("a/x", { againAfterMs: 3_600_000 });
    queue.add("a/x");
    await settle();
    assert.equal(taken.length, 3);
    queue.done("a/x");
    await clock.advance(7_200_000);
    assert.equal(taken.length, 3, "the hour that was asked for before is over with");
  });

  test("what only a person can mend waits twice as long each time, up to ten minutes, and anew once it is another thing", async () => {
    const { queue, clock } = queueOf();
    queue.add("a/x");
    const taken = taking(queue);
    await settle();
    /** Milliseconds until it is taken again. */
    const waited = async (stuckOn?: string): Promise<number> => {
      const [begun, count] = [clock.elapsed(), taken.length];
      queue.done("a/x", stuckOn === undefined ? { againAfterMs: 5000 } : { againAfterMs: 5000, stuckOn });
      while (taken.length === count) await clock.advance(2500);
      return clock.elapsed() - begun;
    };
    const waits: number[] = [];
    for (let times = 0; times < 9; times += 1) waits.push(await waited("policy"));
    assert.deepEqual(waits.slice(0, 4), [5000, 10_000, 20_000, 40_000]);
    assert.deepEqual(waits.slice(-2), [600_000, 600_000]);
    assert.equal(await waited("quota"), 5000);
    assert.equal(await waited("quota"), 10_000);
    assert.equal(await waited(), 5000, "nothing keeps it");
    assert.equal(await waited("quota"), 5000);
    queue.done("a/x", { againAfterMs: 5000, stuckOn: "quota" });
    const count = taken.length;
    queue.add("a/x");
    await settle();
    assert.equal(taken.length, count + 1, "a change ends the wait");
    assert.equal(await waited("quota"), 20_000);
  });

  test("keys over the bound are left out, and adding one says so", async () => {
    const { queue } = queueOf({ limit: 3 });
    const added = ["a", "b", "c", "d", "a"].map((name) => queue.add(name));
    assert.deepEqual(added, [true, true, true, false, true]);
    assert.deepEqual([queue.ready, queue.full], [3, true]);
    queue.done(await queue.take(never));
    assert.deepEqual([queue.add("d"), queue.ready], [true, 3]);
  });

  test("a wait for a key ends when its signal is aborted", async () => {
    const { queue, clock } = queueOf();
    const over = new AbortController();
    const waiting = assert.rejects(queue.take(over.signal), /ended/u);
    await settle();
    over.abort(new Error("ended"));
    await waiting;
    await assert.rejects(queue.take(over.signal), /ended/u);
    assert.equal(clock.sleeping, 0);
    queue.add("a/x");
    queue.clear();
    assert.equal(queue.ready, 0);
  });

  test("delays come out in the order of their times, whatever the order in which they went in", () => {
    holds(
      property(array(nat(1000)), (times) => {
        const delays = new DelayedKeys();
        for (const at of times) delays.push(String(at), at);
        assert.equal(delays.popDue(-1), undefined);
        const came: number[] = [];
        for (let one = delays.popDue(1000); one !== undefined; one = delays.popDue(1000)) came.push(one.at);
        assert.deepEqual(
          came,
          times.toSorted((a, b) => a - b),
        );
        assert.deepEqual([delays.size, delays.next], [0, undefined]);
      }),
    );
  });
});
