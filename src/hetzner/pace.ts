import type { Clock } from "../base/index.ts";

/**
 * Keeps to the project's budget of requests, which is refilled little by little (3600 an hour, one a second): once an
 * answer's RateLimit headers say that nothing is left, the next request waits until there is something again.
 */
export class Pace {
  readonly #clock: Clock;
  readonly #say: (reason: string, deadline: number) => void;
  #notBefore = 0;

  constructor(clock: Clock, say: (reason: string, deadline: number) => void = () => {}) {
    this.#clock = clock;
    this.#say = say;
  }

  /** Waits until a request may be sent. */
  async turn(signal: AbortSignal): Promise<void> {
    const wait = this.#notBefore - this.#clock.now();
    if (wait > 0) await this.#clock.sleep(wait, signal);
  }

  /** Takes in the headers of an answer; numbers that are none are ignored. */
  learn(headers: Readonly<Record<string, string>>): void {
    const limit = Number(headers["ratelimit-limit"]);
    const reset = Number(headers["ratelimit-reset"]) * 1000;
    if (headers["ratelimit-remaining"] !== "0" || !Number.isSafeInteger(limit) || limit <= 0) return;
    const now = this.#clock.now();
    const refill = Math.min(
      3_600_000 / limit,
      Number.isFinite(reset) && reset > now ? reset - now : Infinity,
    );
    this.#notBefore = Math.max(this.#notBefore, now + refill);
    this.#say(`Hetzner's budget of ${limit} requests an hour is used up: waiting for more`, this.#notBefore);
  }
}
