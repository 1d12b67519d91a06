import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SharedAnswers } from "./shared-answers.ts";
import { SharedWork } from "./shared-work.ts";

/** Work that ends as the test says, and the signal that it got. */
function begun() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const state: { signal?: AbortSignal } = {};
  const shared = new SharedWork((signal) => {
    state.signal = signal;
    signal.addEventListener("abort", () => reject(signal.reason as Error));
    return promise;
  });
  return { shared, resolve, reject, isEnded: () => state.signal?.aborted };
}

describe("work that several wait for", () => {
  test("continues when the first caller's signal ends, and gives the others what it found", async () => {
    const { shared, resolve, isEnded } = begun();
    const first = new AbortController();
    const [one, two] = [shared.wait(first.signal), shared.wait(new AbortController().signal)];
    first.abort(new Error("too long"));
    await assert.rejects(one, /too long/u);
    assert.equal(isEnded(), false);
    resolve("found");
    assert.equal(await two, "found");
    assert.equal(await shared.wait(), "found");
    assert.equal(isEnded(), false);
  });

  test("is ended once no caller waits any more, and is then shared with none", async () => {
    const { shared, isEnded } = begun();
    const waiting = [new AbortController(), new AbortController()];
    const waits = waiting.map(({ signal }) => assert.rejects(shared.wait(signal), /over/u));
    waiting[0]?.abort(new Error("over"));
    await waits[0];
    assert.deepEqual([isEnded(), shared.isShareable], [false, true]);
    waiting[1]?.abort(new Error("over"));
    await Promise.all(waits);
    assert.deepEqual([isEnded(), shared.isShareable], [true, false]);
    await shared.ended();
    const anew = SharedWork.again(shared, () => Promise.resolve("anew"));
    assert.equal(await anew.wait(), "anew");
    assert.equal(
      SharedWork.again(anew, () => Promise.resolve("third")),
      anew,
    );
  });

  test("that failed is thrown to all who wait, and begun anew for the next caller", async () => {
    const { shared, reject } = begun();
    const waits = [shared.wait(), shared.wait(new AbortController().signal)];
    reject(new Error("refused"));
    for (const wait of waits) await assert.rejects(wait, /refused/u);
    assert.equal(shared.isShareable, false);
  });

  test("leaves no listener on the signals of those who waited", async () => {
    const { shared, resolve } = begun();
    const { signal } = new AbortController();
    let listeners = 0;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    const wait = shared.wait(signal);
    assert.equal(listeners, 1);
    resolve("found");
    await wait;
    assert.equal(listeners, 0);
  });
});

test("an answer is not begun for a caller that is aborted, and continues for the second when the first is", async () => {
  const answers = new SharedAnswers<number>({ elapsed: () => 0 }, Infinity);
  const ended = AbortSignal.abort(new Error("over"));
  await assert.rejects(
    answers.of("a", ended, () => assert.fail("it was begun")),
    /over/u,
  );
  const asked: AbortSignal[] = [];
  const { promise, resolve } = Promise.withResolvers<number>();
  const ask = (own: AbortSignal): Promise<number> => {
    asked.push(own);
    return promise;
  };
  const first = new AbortController();
  const [one, two] = [answers.of("a", first.signal, ask), answers.of("a", undefined, ask)];
  first.abort(new Error("over"));
  await assert.rejects(one, /over/u);
  resolve(7);
  assert.equal(await two, 7);
  assert.deepEqual(
    asked.map(({ aborted }) => aborted),
    [false],
  );
});
