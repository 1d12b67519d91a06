import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SwiftClock } from "../support/swift-clock.ts";
import { withRetries } from "./retry.ts";

const url = "https://sts.example.test/v1/token";
const form = {
  method: "POST",
  headers: { "content-type": "application/x-www-form-urlencoded" },
  body: "a=b",
};
const write = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };

/** A vendor that gives these answers one after another, and the last one again and again; an Error is none. */
function vendorOf(...answers: readonly (Error | number)[]) {
  let calls = 0;
  const lines: string[] = [];
  const send = withRetries(
    () => {
      const answer = answers[Math.min(calls, answers.length - 1)] ?? 200;
      calls += 1;
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve({ status: answer, text: "" });
    },
    { clock: new SwiftClock(), signal: new AbortController().signal, say: (line) => void lines.push(line) },
  );
  return { send, lines, calls: () => calls };
}

describe("a call of the recorder", () => {
  test("for a token is made again where the vendor has no time, fails or is silent, and says so", async () => {
    const { send, lines } = vendorOf(429, 503, new Error("reset"), 400);
    assert.equal((await send(url, form)).status, 400);
    assert.deepEqual(lines, [
      "sts.example.test answers 429; asked again",
      "sts.example.test answers 503; asked again",
      "sts.example.test gives no answer: reset; asked again",
    ]);
  });

  test("that changes something is made again after a 429 alone: whatever else it was, it may have been done", async () => {
    assert.equal((await vendorOf(429, 200).send(url, write)).status, 200);
    const failing = vendorOf(503, 200);
    assert.equal((await failing.send(url, write)).status, 503);
    const silent = vendorOf(new Error("reset"), 200);
    await assert.rejects(silent.send(url, write), /reset/u);
    assert.deepEqual([failing.calls(), silent.calls()], [1, 1]);
  });

  test("has a fault for its answer that comes four times in a row, and no other", async () => {
    const steady = vendorOf(500);
    assert.equal((await steady.send(url, form)).status, 500);
    assert.equal(steady.calls(), 4);
    const changing = vendorOf(500, 503, 500, 500, 500, 200);
    assert.equal((await changing.send(url, form)).status, 200);
    const busy = vendorOf(500, 500, 500, 429, 500);
    assert.equal((await busy.send(url, form)).status, 500);
  });

  test("is given up after five minutes of nothing else, and is then no answer to a case", async () => {
    const { send, calls } = vendorOf(429);
    await assert.rejects(send(url, form), /answers 429, for five minutes/u);
    assert.ok(calls() > 5);
  });
});
