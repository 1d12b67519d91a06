import { PodtrustError } from "../../../core/base/index.ts";
import { AwsError } from "../wire/error.ts";

/** How many calls a service takes from the account. */
export interface RateLimit {
  /** Calls per second that it sustains; more than 0. */
  readonly perSecond: number;
  /** Calls that it accepts at once after a pause; an integer, 1 or more. */
  readonly burst: number;
}

/**
 * A token bucket of an account and a service, with the refusal of AWS's query protocol for an empty one (IAM API
 * Reference, "Common Errors": ThrottlingException, on the wire `Throttling`, HTTP 400).
 */
export class RateLimiter {
  readonly #limit: RateLimit;
  #tokens: number;
  #filledAt: number | undefined;

  constructor(limit: RateLimit) {
    const { perSecond, burst } = limit;
    if (!(Number.isFinite(perSecond) && perSecond > 0 && Number.isInteger(burst) && burst >= 1)) {
      throw new PodtrustError(
        "usage",
        "a rate limit is more than 0 calls a second and a burst of 1 call or more",
      );
    }
    this.#limit = limit;
    this.#tokens = burst;
  }

  /** Counts one call, at `now` in milliseconds; throws AWS's refusal if there have been too many. */
  take(now: number): void {
    const { perSecond, burst } = this.#limit;
    // A clock that was set back refills nothing.
    const elapsed = Math.max(0, now - (this.#filledAt ?? now));
    this.#tokens = Math.min(burst, this.#tokens + (elapsed * perSecond) / 1000);
    this.#filledAt = now;
    if (this.#tokens < 1) {
      throw new AwsError("Throttling", "Rate exceeded", {
        rule: "rate-limit",
        why: `this sandbox takes ${perSecond} calls a second, and ${burst} at once after a rest`,
        next: "Call more slowly, and repeat a throttled call after a growing pause.",
      });
    }
    this.#tokens -= 1;
  }
}
