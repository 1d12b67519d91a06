import { asPodtrustError, type Clock } from "../../core/base/index.ts";
import type { CertificateStatus } from "./manager.ts";
import { attemptDelay } from "./retry-schedule.ts";
import { endOf, noWait, type WaitSpan } from "./wait.ts";

/** Failures in a row, and when to try again. */
export class Backoff {
  readonly #clock: Clock;
  #failures = 0;
  #since = 0;
  #wait: WaitSpan = noWait;
  #lastError: CertificateStatus["lastError"];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get failures(): number {
    return this.#failures;
  }

  /** No attempt before, milliseconds since the epoch. */
  get until(): number {
    return endOf(this.#wait, this.#clock.now());
  }

  /** What went wrong last, until an attempt succeeds. */
  get lastError(): CertificateStatus["lastError"] {
    return this.#lastError;
  }

  /** `blockedUntil`: what the CAs themselves asked for. */
  failed(error: unknown, facts: { readonly urgent: boolean; readonly blockedUntil: number }): void {
    const now = this.#clock.now();
    if (this.#failures === 0) this.#since = now;
    this.#failures += 1;
    const { code, message, next } = asPodtrustError(error);
    this.#lastError = { code, message, next, at: now };
    const delay = attemptDelay(this.#failures, now - this.#since, facts.urgent);
    this.#wait = { from: now, until: Math.max(now + delay, facts.blockedUntil) };
  }

  succeeded(): void {
    this.#failures = 0;
    this.#wait = noWait;
    this.#lastError = undefined;
  }
}
