import { ChildAbort, type Clock, PodtrustError, systemClock } from "../../core/base/index.ts";
import { forms } from "../errors/index.ts";

/** The clock by which a sandbox, or a stand-in, dates and judges. */
export interface SandboxClock extends Clock {
  /** How far it was moved, in milliseconds. */
  readonly ahead: number;
  /** Moves it forward by `ms` milliseconds. Throws `usage` for other values: only the `reset` of a sandbox goes back. */
  advance(ms: number): void;
}

/**
 * The time by which a sandbox judges tokens, sessions and propagation: another clock's time, plus how far it was moved.
 * Clients sign requests by a clock that is never moved, so signatures are judged by `unmoved`.
 */
export class MovableClock implements SandboxClock {
  /** The clock under it. */
  readonly unmoved: Clock;
  #ahead = 0;
  #moved = new AbortController();

  /** `unmoved`: by default the machine's own clock. */
  constructor(unmoved: Clock = systemClock) {
    this.unmoved = unmoved;
  }

  /** A movable clock based on another one: that one itself, if it is movable. */
  static over(clock: Clock | undefined): MovableClock {
    return clock instanceof MovableClock ? clock : new MovableClock(clock);
  }

  /** How far it was moved, in milliseconds. */
  get ahead(): number {
    return this.#ahead;
  }

  now(): number {
    return this.unmoved.now() + this.#ahead;
  }

  elapsed(): number {
    return this.unmoved.elapsed() + this.#ahead;
  }

  /**
   * Moves it forward by `ms` milliseconds and wakes sleepers that are due. Throws `usage` for other values: only
   * `restore` goes back.
   */
  advance(ms: number): void {
    forms.number(ms, "advance: the time");
    const ahead = this.#ahead + ms;
    if (!(Number.isFinite(ms) && ms >= 0 && ahead <= maxAhead)) {
      throw new PodtrustError("usage", `a clock moves forward, at most ten years, and not by ${ms} ms`);
    }
    this.#move(ahead);
  }

  /** Resets it to the clock under it. */
  restore(): void {
    this.#move(0);
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const until = this.elapsed() + Math.max(0, ms);
    for (let left = ms; left > 0; left = until - this.elapsed()) {
      const moved = this.#moved.signal;
      const either = new ChildAbort(moved, ...(signal === undefined ? [] : [signal]));
      await this.unmoved
        .sleep(left, either.signal)
        .catch((error: unknown) => {
          if (signal?.aborted === true || !moved.aborted) throw error;
        })
        .finally(() => either.release());
    }
  }

  #move(ahead: number): void {
    this.#ahead = ahead;
    this.#moved.abort(new Error("the clock was moved"));
    this.#moved = new AbortController();
  }
}

/** Ten years in milliseconds: dates of tokens and certificates stay valid dates. */
const maxAhead = 10 * 365 * 86_400_000;
