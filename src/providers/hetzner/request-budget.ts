import type { Clock } from "../../core/base/index.ts";

/**
 * Keeps to the project's budget of requests, which is refilled little by little (3600 an hour, one a second): while an
 * answer's RateLimit headers say that nothing is left, each request waits until one more has come back.
 */
export class RequestBudget {
  readonly #clock: Clock;
  readonly #onWait: (reason: string) => void;
  /** Milliseconds in which one request comes back; 0 while there is budget. */
  #refill = 0;
  /** When the next one may be sent, by `elapsed`. */
  #next = 0;

  constructor(clock: Clock, onWait: (reason: string) => void = () => {}) {
    this.#clock = clock;
    this.#onWait = onWait;
  }

  /** Waits until a request may be sent. */
  async untilAllowed(signal: AbortSignal): Promise<void> {
    if (this.#refill === 0) return;
    const now = this.#clock.elapsed();
    const mine = Math.max(now, this.#next);
    this.#next = mine + this.#refill;
    if (mine > now) await this.#clock.sleep(mine - now, signal);
  }

  /** Takes in the headers of an answer; numbers that are none are ignored. */
  learn(headers: Readonly<Record<string, string>>): void {
    const [limit, remaining] = [Number(headers["ratelimit-limit"]), headers["ratelimit-remaining"]];
    if (remaining === undefined || !Number.isSafeInteger(limit) || limit <= 0) return;
    if (remaining !== "0") {
      // A request that came back is for one that waits already.
      if (Number(remaining) > 1) this.#refill = 0;
      return;
    }
    if (this.#refill === 0) this.#next = this.#clock.elapsed() + 3_600_000 / limit;
    this.#refill = 3_600_000 / limit;
    this.#onWait(`Hetzner's budget of ${limit} requests an hour is used up: waiting for more`);
  }
}
