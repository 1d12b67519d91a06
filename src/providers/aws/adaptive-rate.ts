import type { Clock } from "../../core/base/index.ts";
import { isThrottling } from "./failure.ts";

/** Called when calls are slowed down: why, and when they are given up if none gets through (milliseconds of `elapsed`). */
export type SlowedDown = (reason: string, deadline: number) => void;

/** If no call gets through for this long, pace is not the problem. */
const maxWaitMs = 120_000;
const lowestRate = 0.5;
/** Refusals within this time of one another count as one sign: one burst gets many. */
const oneSignMs = 1000;

/**
 * Lets calls through at the pace that a provider takes: all at once until it throttles, then as many a second as it
 * lets through, fewer after each refusal and slowly more after each success (additive increase, multiplicative
 * decrease). A throttled call is made again; it fails only when for two minutes not one has got through.
 */
export class AdaptiveRate {
  readonly #clock: Clock;
  readonly #onSlowed: SlowedDown;
  /** Calls a second; undefined until the provider throttles. */
  #rate: number | undefined;
  #next = 0;
  #slowedAt = Number.NEGATIVE_INFINITY;
  #goodAt = Number.NEGATIVE_INFINITY;
  /** How many got through in the second that began then: a first guess at what the provider takes. */
  #counted = { since: Number.NEGATIVE_INFINITY, calls: 0 };

  constructor(clock: Clock, onSlowed: SlowedDown = () => {}) {
    this.#clock = clock;
    this.#onSlowed = onSlowed;
  }

  async run<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const start = this.#clock.elapsed();
    for (;;) {
      await this.#untilAllowed(signal);
      try {
        const answer = await call();
        this.#succeeded();
        return answer;
      } catch (thrown) {
        if (!isThrottling(thrown)) throw thrown;
        const deadline = Math.max(start, this.#goodAt) + maxWaitMs;
        if (this.#clock.elapsed() >= deadline) throw thrown;
        this.#slowDown(deadline);
      }
    }
  }

  async #untilAllowed(signal: AbortSignal | undefined): Promise<void> {
    if (this.#rate === undefined) return;
    const now = this.#clock.elapsed();
    const mine = Math.max(now, this.#next);
    this.#next = mine + 1000 / this.#rate;
    if (mine > now) await this.#clock.sleep(mine - now, signal);
  }

  #succeeded(): void {
    const now = this.#clock.elapsed();
    this.#goodAt = now;
    if (now >= this.#counted.since + 1000) this.#counted = { since: now, calls: 0 };
    this.#counted.calls += 1;
    // One call a second more for each second in which it went well.
    if (this.#rate !== undefined) this.#rate += 1 / this.#rate;
  }

  #slowDown(deadline: number): void {
    const now = this.#clock.elapsed();
    if (now < this.#slowedAt + oneSignMs) return;
    this.#slowedAt = now;
    if (this.#rate === undefined)
      this.#onSlowed("AWS throttles these calls: going on at the pace that it takes", deadline);
    // What went through so far was a burst: less than half of it can be sustained.
    const rate = this.#rate === undefined ? this.#counted.calls / 2 : this.#rate * 0.7;
    this.#rate = Math.max(lowestRate, rate);
    // The bucket is empty: those who waited for a turn wait for a little of it to refill.
    this.#next = Math.max(this.#next, now + oneSignMs / 2);
  }
}
