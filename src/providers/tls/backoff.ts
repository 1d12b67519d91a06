import { asPodtrustError, type Clock } from "../../core/base/index.ts";
import type { CertificateStatus } from "./contract.ts";
import { attemptDelay } from "./retry-schedule.ts";

/** Failures in a row, and when to try again. */
export class Backoff {
  readonly #clock: Clock;
  #failures = 0;
  /** Of the first failure, in milliseconds of `clock.elapsed()`. */
  #since = 0;
  /** No attempt before, in milliseconds of `clock.elapsed()`. */
  #until = -Infinity;
  #lastError: CertificateStatus["lastError"];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Milliseconds until the next attempt is allowed; 0 for now. */
  get left(): number {
    return Math.max(0, this.#until - this.#clock.elapsed());
  }

  /** What went wrong last, until an attempt succeeds. */
  get lastError(): CertificateStatus["lastError"] {
    return this.#lastError;
  }

  /** `blockedFor`: the wait that the CAs themselves ask for, in milliseconds. */
  failed(error: unknown, facts: { readonly urgent: boolean; readonly blockedFor: number }): void {
    const now = this.#clock.elapsed();
    if (this.#failures === 0) this.#since = now;
    this.#failures += 1;
    const { code, message, next } = asPodtrustError(error);
    this.#lastError = { code, message, next, at: this.#clock.now() };
    const delay = attemptDelay(this.#failures, now - this.#since, facts.urgent);
    this.#until = now + Math.max(delay, facts.blockedFor);
  }

  succeeded(): void {
    this.#failures = 0;
    this.#until = -Infinity;
    this.#lastError = undefined;
  }
}
