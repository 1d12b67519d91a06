import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TestClock } from "../../../test/support/clock.ts";
import {
  asPodtrustError,
  collectBytes,
  epochSeconds,
  errorFromJson,
  errorText,
  isRecord,
  PodtrustError,
  recordOf,
  retry,
  shellWord,
  silentLogger,
  systemClock,
  withNextStep,
} from "./index.ts";

const schedule = { name: "three tries", delays: [10, 20], giveUpAfter: 100 };

describe("base", () => {
  test("an error carries code, sentence and next step, and its public half has no cause", () => {
    const error = new PodtrustError("http-timeout", "https://x: no answer", {
      cause: new Error("secret"),
      detail: { a: 1 },
    });
    assert.deepEqual(Object.keys(error.toJSON()).sort(), ["code", "detail", "message", "next"]);
    assert.doesNotMatch(JSON.stringify(error), /secret/u);
    assert.equal(new PodtrustError("usage", "m", { next: "do this" }).next, "do this");
  });

  test("an error of another process is thrown here as it was there, and nothing else is taken for one", () => {
    const error = new PodtrustError("usage", "m", { next: "do this", detail: { a: 1 } });
    const again = errorFromJson(JSON.parse(JSON.stringify(error)));
    assert.ok(again instanceof PodtrustError);
    assert.deepEqual(again.toJSON(), error.toJSON());
    assert.equal(errorFromJson({ code: "usage", message: "m" })?.next, new PodtrustError("usage", "m").next);
    const others = [
      undefined,
      "usage",
      { code: "usage" },
      { code: "toString", message: "m" },
      { message: "m" },
    ];
    for (const other of others) assert.equal(errorFromJson(other), undefined);
  });

  test("an error with another next step keeps code, message and detail, and has the first as its cause", () => {
    const first = new PodtrustError("usage", "m", { next: "do this", detail: { a: 1 } });
    const again = withNextStep(first, "do that");
    assert.deepEqual(again.toJSON(), { ...first.toJSON(), next: "do that" });
    assert.equal(again.cause, first);
    assert.equal(withNextStep(first, "do that", "of b: m").message, "of b: m");
  });

  test("anything thrown becomes one sentence", () => {
    assert.equal(errorText("text"), "text");
    assert.equal(errorText(new Error("a", { cause: new Error("b") })), "a: b");
    assert.equal(errorText(new AggregateError([new Error("a"), new Error("b")])), "a; b");
    assert.equal(errorText(new TypeError("")), "TypeError");
    assert.equal(asPodtrustError(new Error("x")).code, "internal");
    const own = new PodtrustError("usage", "m");
    assert.equal(asPodtrustError(own), own);
  });

  test("retry gives the first success, or the last error at the deadline, or a final error at once", async () => {
    const clock = new TestClock(0);
    let tries = 0;
    const starts: number[] = [];
    const flaky = retry(
      () => {
        tries += 1;
        return tries < 3 ? Promise.reject(new Error(`try ${tries}`)) : Promise.resolve(tries);
      },
      { schedule, clock, onRetry: () => starts.push(clock.elapsed()) },
    );
    await clock.advance(1000);
    assert.equal(await flaky, 3);
    assert.deepEqual(starts, [0, 10]);
    let count = 0;
    const hopeless = retry(() => Promise.reject(new Error(`no ${(count += 1)}`)), { schedule, clock });
    const refused = assert.rejects(hopeless, /no 6/u);
    await clock.advance(1000);
    await refused;
    await assert.rejects(
      retry(() => Promise.reject(new Error("final")), { schedule, clock, retryable: () => false }),
      /final/u,
    );
  });

  test("retry and sleep end when their signal does", async () => {
    const clock = new TestClock(0);
    const ended = AbortSignal.abort(new Error("ended"));
    await assert.rejects(
      retry(() => Promise.resolve(1), { schedule, clock, signal: ended }),
      /ended before/u,
    );
    await assert.rejects(clock.sleep(1, ended), /ended/u);
    await assert.rejects(systemClock.sleep(10_000, AbortSignal.timeout(5)));
    await assert.rejects(systemClock.sleep(10_000, ended), /ended/u);
  });

  test("the system clock counts in milliseconds and sleeps for real", async () => {
    const start = systemClock.now();
    await systemClock.sleep(5);
    assert.ok(systemClock.now() - start >= 4);
    assert.equal(epochSeconds(new TestClock(1999)), 1);
    silentLogger.child({}).info("nothing");
  });

  test("a stream is collected up to its bound, and its source is ended at the first byte too many", async () => {
    let ended = false;
    async function* pieces(): AsyncGenerator<Uint8Array | string> {
      try {
        for (;;) {
          yield "é";
          yield Buffer.from("ab");
        }
      } finally {
        ended = true;
      }
    }
    await assert.rejects(collectBytes(pieces(), 9), /longer than 9 bytes/u);
    assert.equal(ended, true);
    const all = await collectBytes(["é", Buffer.from("ab")].values() as unknown as AsyncIterable<string>, 4);
    assert.equal(all.toString(), "éab");
  });

  test("what was collected is a copy: of small pieces no more is held than came", async () => {
    async function* pieces(): AsyncGenerator<Uint8Array> {
      const piece = Buffer.alloc(64 * 1024);
      for (let index = 0; index < 40_000; index += 1) {
        piece[0] = index % 251;
        yield piece.subarray(0, 1);
      }
    }
    const all = await collectBytes(pieces(), 40_000);
    assert.deepEqual([all.length, all[0], all[300], all[39_999]], [40_000, 0, 49, 39_999 % 251]);
    assert.ok(all.buffer.byteLength <= 80_000, `${all.buffer.byteLength} bytes`);
  });

  test("a word for a shell is quoted where it has to be", () => {
    assert.deepEqual(["/a/b-1", "it's", "a b", ""].map(shellWord), [
      "/a/b-1",
      String.raw`'it'\''s'`,
      "'a b'",
      "''",
    ]);
  });

  test("of unknown JSON an object alone is a record", () => {
    assert.deepEqual([{}, [], null, "x", 1, undefined].map(isRecord), [
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
    assert.deepEqual([recordOf({ a: 1 }), recordOf([1]), recordOf(null)], [{ a: 1 }, {}, {}]);
  });
});
