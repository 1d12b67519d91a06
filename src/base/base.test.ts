import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { TestClock } from "../../test/support/clock.ts";
import {
  asPodtrustError,
  epochSeconds,
  errorText,
  nextDelay,
  PodtrustError,
  readBoundedText,
  retry,
  silentLogger,
  systemClock,
} from "./index.ts";

const schedule = { name: "three tries", delays: [10, 20], giveUpAfter: 100 };

test("an error carries code, sentence and next step, and its public half has no cause", () => {
  const error = new PodtrustError("http-timeout", "https://x: no answer", {
    cause: new Error("secret"),
    detail: { a: 1 },
  });
  assert.deepEqual(Object.keys(error.toJSON()).sort(), ["code", "detail", "message", "next"]);
  assert.doesNotMatch(JSON.stringify(error), /secret/u);
  assert.equal(new PodtrustError("usage", "m", { next: "do this" }).next, "do this");
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

test("a schedule's last delay repeats until the time is used up", () => {
  assert.equal(nextDelay(schedule, 0, 0), 10);
  assert.equal(nextDelay(schedule, 7, 80), 20);
  assert.equal(nextDelay(schedule, 7, 81), undefined);
});

test("retry gives the first success, or the last error at the deadline, or a final error at once", async () => {
  const clock = new TestClock(0);
  let tries = 0;
  const waits: number[] = [];
  const flaky = retry(
    () => {
      tries += 1;
      return tries < 3 ? Promise.reject(new Error(`try ${tries}`)) : Promise.resolve(tries);
    },
    { schedule, clock, onRetry: (_error, delay) => waits.push(delay) },
  );
  await clock.advance(1000);
  assert.equal(await flaky, 3);
  assert.deepEqual(waits, [10, 20]);
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

test("a file is read up to its bound, and one without an end is not read forever", async () => {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-base-"));
  try {
    const file = join(folder, "file");
    const text = "é".repeat(50_000);
    await writeFile(file, text);
    assert.equal(await readBoundedText(file, 100_000), text);
    await assert.rejects(readBoundedText(file, 99_999), /longer than 99999 bytes/u);
    await assert.rejects(readBoundedText("/dev/zero", 1_000_000), /longer than/u);
    await assert.rejects(readBoundedText(join(folder, "none"), 1), /ENOENT/u);
  } finally {
    await rm(folder, { recursive: true });
  }
});
