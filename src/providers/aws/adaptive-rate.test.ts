import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TestClock } from "../../../test/support/clock.ts";
import { AdaptiveRate } from "./adaptive-rate.ts";

const throttled = (): Error => Object.assign(new Error("Rate exceeded"), { name: "Throttling" });

/** A provider that takes `perSecond` calls for good and `burst` at once after a rest. */
function provider(
  clock: TestClock,
  perSecond: number,
  burst: number,
): { taken: number; refused: number; call: () => Promise<void> } {
  let [tokens, filled] = [burst, clock.now()];
  const at = {
    taken: 0,
    refused: 0,
    call(): Promise<void> {
      tokens = Math.min(burst, tokens + ((clock.now() - filled) * perSecond) / 1000);
      filled = clock.now();
      if (tokens < 1) {
        at.refused += 1;
        return Promise.reject(throttled());
      }
      tokens -= 1;
      at.taken += 1;
      return Promise.resolve();
    },
  };
  return at;
}

async function untilEnd(clock: TestClock, work: Promise<unknown>): Promise<number> {
  const ended = new AbortController();
  const watched = work.finally(() => ended.abort());
  watched.catch(() => undefined);
  const start = clock.now();
  for (let turn = 0; turn < 100_000 && !ended.signal.aborted; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (clock.sleeping > 0) await clock.advance(10);
  }
  await watched;
  return (clock.now() - start) / 1000;
}

describe("the pace of calls", () => {
  test("is the caller's own while the provider does not throttle", async () => {
    const clock = new TestClock();
    const pace = new AdaptiveRate(clock);
    const { call } = provider(clock, 1, 1000);
    await Promise.all(Array.from({ length: 500 }, () => pace.run(call)));
    assert.equal(clock.sleeping, 0);
  });

  test("follows what the provider takes: 20 a second after a burst of 100, few of them refused, none lost", async () => {
    const clock = new TestClock();
    const waits: [string, number][] = [];
    const start = clock.elapsed();
    const pace = new AdaptiveRate(clock, (reason, deadline) => waits.push([reason, deadline - start]));
    const iam = provider(clock, 20, 100);
    const calls = Array.from({ length: 600 }, (_, index) => index);
    const worker = async (): Promise<void> => {
      for (let one = calls.shift(); one !== undefined; one = calls.shift()) await pace.run(iam.call);
    };
    const seconds = await untilEnd(clock, Promise.all(Array.from({ length: 8 }, worker)));
    assert.equal(iam.taken, 600);
    // 500 calls at 20 a second cannot take less than 25 s; a pace that is too careful would take minutes.
    assert.ok(seconds >= 24 && seconds < 60, `${seconds} s`);
    assert.ok(iam.refused < 120, `${iam.refused} refused`);
    assert.deepEqual(waits, [["AWS throttles these calls: going on at the pace that it takes", 120_000]]);
  });

  test("gives up only when for two minutes not one call got through", async () => {
    const clock = new TestClock();
    const pace = new AdaptiveRate(clock);
    const work = pace.run(() => Promise.reject(throttled()));
    await assert.rejects(untilEnd(clock, work), /Rate exceeded/u);
    assert.ok(clock.now() >= 120_000);
  });

  test("leaves every other failure to the caller, and ends its wait with a signal", async () => {
    const clock = new TestClock();
    const pace = new AdaptiveRate(clock);
    await assert.rejects(
      pace.run(() => Promise.reject(new Error("other"))),
      /other/u,
    );
    const ending = new AbortController();
    const waiting = pace.run(() => Promise.reject(throttled()), ending.signal);
    await new Promise((resolve) => setImmediate(resolve));
    ending.abort(new Error("ended"));
    await assert.rejects(waiting, /ended/u);
  });
});
