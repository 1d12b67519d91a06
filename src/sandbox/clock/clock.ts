import { ChildAbort, type Clock, PodtrustError, systemClock } from "../../core/base/index.ts";

/** The time by which a sandbox, or a stand-in, dates and judges. */
export interface SandboxClock extends Clock {
  /** How far it was moved, in milliseconds. */
  readonly ahead: number;
  /**
   * Moves it on by `ms` milliseconds. Throws `usage` for what is no time forward: only the `reset` of a sandbox goes
   * back.
   */
  advance(ms: number): void;
}

/**
 * The time by which a sandbox judges tokens, sessions and what has spread: another clock's, and as much further on as it
 * was moved. Whoever signs a request does so by a clock that nobody moves, and so signatures are judged by `unmoved`.
 */
export class MovableClock implements SandboxClock {
  /** The clock beneath. */
  readonly unmoved: Clock;
  #ahead = 0;
  #moved = new AbortController();

  /** `unmoved`: by default the machine's own clock. */
  constructor(unmoved: Clock = systemClock) {
    this.unmoved = unmoved;
  }

  /** A clock that can be moved, by another one: that one itself, where it can. */
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
   * Moves it on by `ms` milliseconds and wakes whoever slept until then. Throws `usage` for what is no time forward:
   * only `restore` goes back.
   */
  advance(ms: number): void {
    const ahead = this.#ahead + ms;
    if (!(Number.isFinite(ms) && ms >= 0 && ahead <= maxAhead)) {
      throw new PodtrustError("usage", `a clock moves forward, ten years at the most, and not by ${ms} ms`);
    }
    this.#move(ahead);
  }

  /** Puts it back to the clock beneath. */
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

/** Ten years in milliseconds: dates of tokens and certificates stay dates. */
const maxAhead = 10 * 365 * 86_400_000;
