import assert from "node:assert/strict";
import { test } from "node:test";
import { SharedAnswers } from "./shared-answers.ts";

function asked(forMs = 1000, max = Infinity) {
  const state = { now: 0, count: 0 };
  const answers = new SharedAnswers<number>({ elapsed: () => state.now }, forMs, max);
  const ask = (): Promise<number> => Promise.resolve((state.count += 1));
  return { state, answers, ask };
}

test("an answer is shared by all who ask the same within its time, and asked for anew after it", async () => {
  const { state, answers, ask } = asked();
  assert.deepEqual(
    await Promise.all([answers.of("a", undefined, ask), answers.of("a", undefined, ask)]),
    [1, 1],
  );
  assert.equal(await answers.of("b", undefined, ask), 2);
  state.now = 999;
  assert.equal(await answers.of("a", undefined, ask), 1);
  state.now = 1000;
  assert.equal(await answers.of("a", undefined, ask), 3);
});

test("what failed or was forgotten is asked for anew", async () => {
  const { answers, ask } = asked();
  const failing = (): Promise<number> => Promise.reject(new Error("not now"));
  const both = await Promise.allSettled([
    answers.of("a", undefined, failing),
    answers.of("a", undefined, ask),
  ]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ["rejected", "rejected"],
  );
  assert.equal(await answers.of("a", undefined, ask), 1);
  answers.forget("a");
  assert.equal(await answers.of("a", undefined, ask), 2);
});

test("an answer that comes after it was forgotten leaves the newer one", async () => {
  const { answers, ask } = asked();
  const late = Promise.withResolvers<number>();
  const first = answers.of("a", undefined, () => late.promise);
  answers.forget("a");
  assert.equal(await answers.of("a", undefined, ask), 1);
  late.reject(new Error("too late"));
  await assert.rejects(first, /too late/u);
  assert.equal(await answers.of("a", undefined, ask), 1);
});

test("answers are kept of no more keys than the bound: the oldest makes room, and who waits for it gets it", async () => {
  const { answers, ask } = asked(1000, 2);
  const all = ["a", "b", "c"].map((key) => answers.of(key, undefined, ask));
  assert.deepEqual(await Promise.all(all), [1, 2, 3]);
  assert.equal(await answers.of("c", undefined, ask), 3);
  assert.equal(await answers.of("a", undefined, ask), 4);
});
