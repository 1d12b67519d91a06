import type { Clock } from "../../src/core/base/index.ts";

/**
 * A clock on which waiting takes no time: a sleep moves it forward and ends at once. For what talks to real
 * servers on loopback and waits in between; several sleepers at a time would pull each other forward.
 */
export class SwiftClock implements Clock {
  #now: number;
  readonly #start: number;
  /** Every wait that was asked for, milliseconds. */
  readonly waits: number[] = [];

  constructor(start: number = Date.now()) {
    this.#now = start;
    this.#start = start;
  }

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#now - this.#start;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.waits.push(ms);
    this.#now += Math.max(0, ms);
    // Some real time, so that a server in this process gets on with its work.
    await new Promise((resolve) => setTimeout(resolve, 2));
    signal?.throwIfAborted();
  }
}
