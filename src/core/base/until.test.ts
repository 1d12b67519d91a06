import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { retry } from "./retry.ts";
import { until } from "./until.ts";

const hour = 3_600_000;

/** A clock that sleeps at once, and whose time of day jumps with each sleep by the given amount. */
class JumpingClock {
  readonly #jumps: readonly number[];
  #elapsed = 5000;
  #jumped = 0;
  #sleeps = 0;

  constructor(jumps: readonly number[]) {
    this.#jumps = jumps;
  }

  now(): number {
    return 1_800_000_000_000 + this.#elapsed + this.#jumped;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    this.#elapsed += ms;
    this.#jumped += this.#jumps[this.#sleeps % this.#jumps.length] ?? 0;
    this.#sleeps += 1;
    return Promise.resolve();
  }
}

const jumps = fc.array(fc.constantFrom(-hour, 0, hour), { minLength: 1, maxLength: 8 });
const delays = fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 4 });
const withinMs = fc.integer({ min: 0, max: 60_000 });

/** How many looks fit into a time, counted by hand. */
function fitting(within: number, between: readonly number[]): number {
  let [looks, spent] = [1, 0];
  for (;;) {
    spent += between[Math.min(looks - 1, between.length - 1)] ?? 0;
    if (spent > within) return looks;
    looks += 1;
  }
}

describe("a wait", () => {
  test("lasts as long as it says, however the time of day jumps by an hour meanwhile", async () => {
    await fc.assert(
      fc.asyncProperty(jumps, delays, withinMs, async (jumped, between, within) => {
        const clock = new JumpingClock(jumped);
        let looks = 0;
        const wait = until({
          clock,
          withinMs: within,
          delays: between,
          look: () => Promise.resolve({ waitsFor: `look ${(looks += 1)}` }),
          late: (reason) => new Error(reason),
        });
        await assert.rejects(wait, new RegExp(`^Error: look ${fitting(within, between)}$`, "u"));
        assert.ok(clock.elapsed() - 5000 <= within);
      }),
    );
  });

  test("is tried again as often as its schedule says, however the time of day jumps meanwhile", async () => {
    await fc.assert(
      fc.asyncProperty(jumps, delays, withinMs, async (jumped, between, giveUpAfter) => {
        const clock = new JumpingClock(jumped);
        let tries = 0;
        const deadlines = new Set<number>();
        const hopeless = retry(() => Promise.reject(new Error(`try ${(tries += 1)}`)), {
          schedule: { name: "test", delays: between, giveUpAfter },
          clock,
          onRetry: (_error, deadline) => deadlines.add(deadline),
        });
        await assert.rejects(hopeless, new RegExp(`^Error: try ${fitting(giveUpAfter, between)}$`, "u"));
        assert.deepEqual([...deadlines], tries === 1 ? [] : [5000 + giveUpAfter]);
      }),
    );
  });

  test("gives what came about, says before each delay why it waits, and keeps to a server's longer delay", async () => {
    const clock = new JumpingClock([0]);
    const said: string[] = [];
    const starts: number[] = [];
    const looks = [{ waitsFor: "one" }, { waitsFor: "two", minDelay: 700 }, { is: "there" }];
    const found = await until({
      clock,
      withinMs: 10_000,
      delays: [100, 200],
      look: (count) => {
        starts.push(clock.elapsed() - 5000);
        return Promise.resolve(looks[count] ?? { is: "never" });
      },
      onWait: (reason, deadline) => said.push(`${reason} until ${deadline}`),
      late: () => new Error("late"),
    });
    assert.equal(found, "there");
    assert.deepEqual(said, ["one until 15000", "two until 15000"]);
    assert.deepEqual(starts, [0, 100, 800]);
  });

  test("ends with its signal's reason before a look, after one and within a delay", async () => {
    const ended = new Error("ended");
    const never = { withinMs: 1000, delays: [10], late: () => new Error("late") };
    for (const at of [0, 1, 2]) {
      const abort = new AbortController();
      const clock = new JumpingClock([0]);
      let looks = 0;
      if (at === 0) abort.abort(ended);
      const wait = until({
        ...never,
        clock,
        signal: abort.signal,
        look: () => {
          looks += 1;
          if (at === 1) abort.abort(ended);
          return Promise.resolve({ waitsFor: "it" });
        },
        onWait: () => {
          if (at === 2) abort.abort(ended);
        },
      });
      await assert.rejects(wait, ended);
      assert.equal(looks, at === 0 ? 0 : 1);
    }
  });

  test("ends at once with what a look throws", async () => {
    const look = (): Promise<never> => Promise.reject(new Error("final"));
    const wait = until({
      clock: new JumpingClock([0]),
      withinMs: 1000,
      delays: [1],
      look,
      late: () => new Error("late"),
    });
    await assert.rejects(wait, /final/u);
  });
});
