import type { Clock } from "../../core/base/index.ts";

/** Milliseconds for which a connection that asked about what is not there gets the same answer. */
const remembered = 1000;
/** Names for which a connection has such an answer at a time. */
const maxNames = 8;

/**
 * The client of one connection. What was not there is remembered for who asked alone: for all, a stranger who asks about
 * a name that is about to be made would keep its first pod from its role.
 */
export class ReviewClient {
  /** Where the connection comes from. */
  readonly address: string;
  /** The number of its last question, as `Questions` counts all of them; absent before the first. */
  turn: number | undefined;
  readonly #clock: Pick<Clock, "elapsed">;
  readonly #absent = new Map<string, number>();

  constructor(address: string, clock: Pick<Clock, "elapsed">) {
    this.address = address;
    this.#clock = clock;
  }

  /** It was told that there is no such object. */
  foundNone(key: string): void {
    const [oldest] = this.#absent.keys();
    if (this.#absent.size >= maxNames && oldest !== undefined) this.#absent.delete(oldest);
    this.#absent.set(key, this.#clock.elapsed() + remembered);
  }

  /** Whether it was told so just now. */
  knowsNone(key: string): boolean {
    const until = this.#absent.get(key);
    if (until !== undefined && until <= this.#clock.elapsed()) this.#absent.delete(key);
    return this.#absent.has(key);
  }
}
