import type { Clock } from "../../src/core/base/index.ts";

interface Sleeper {
  at: number;
  readonly wake: () => void;
}

/**
 * A clock that the test moves. Sleepers wake in order of their time; between two wakings the event loop runs,
 * so that what one sleeper starts is seen by the next.
 */
export class TestClock implements Clock {
  #now: number;
  /** What `elapsed` counts from, in the time of `now`. */
  #origin: number;
  #sleepers: Sleeper[] = [];

  constructor(start: number | string = "2026-11-25T00:00:00Z") {
    this.#now = typeof start === "number" ? start : Date.parse(start);
    this.#origin = this.#now;
  }

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#now - this.#origin;
  }

  /** How many are asleep. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = (): void => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal?.reason as Error);
      };
      const wake = (): void => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      const sleeper: Sleeper = { at: this.#now + Math.max(0, ms), wake };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Moves time forward by `ms`, waking whoever is due, in order. */
  async advance(ms: number): Promise<void> {
    const target = this.#now + ms;
    await settle();
    for (;;) {
      const due = this.#sleepers.filter((s) => s.at <= target).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#sleepers = this.#sleepers.filter((other) => other !== due);
      this.#now = Math.max(this.#now, due.at);
      due.wake();
      await settle();
    }
    this.#now = target;
  }

  /** Sets the wall clock without waking anybody: a machine whose clock jumps. Timers run on what is left of them. */
  jump(ms: number): void {
    this.#now += ms;
    this.#origin += ms;
    for (const sleeper of this.#sleepers) sleeper.at += ms;
  }
}

/** Lets pending promise reactions and ready I/O run. */
export async function settle(rounds = 5): Promise<void> {
  for (let i = 0; i < rounds; i += 1) await new Promise((resolve) => setImmediate(resolve));
}
