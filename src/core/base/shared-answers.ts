import type { Clock } from "./clock.ts";
import { SharedWork } from "./shared-work.ts";

interface SharedAnswer<T> {
  readonly at: number;
  readonly answer: SharedWork<T>;
}

/**
 * Answers that are shared by all who ask the same within a time, also while they are awaited. What failed is asked anew
 * for the next caller.
 */
export class SharedAnswers<T> {
  readonly #clock: Pick<Clock, "elapsed">;
  readonly #for: number;
  readonly #max: number;
  readonly #asked = new Map<string, SharedAnswer<T>>();

  /** `forMs`: how long an answer is kept, from when it was asked for. `max`: how many keys; the oldest makes room. */
  constructor(clock: Pick<Clock, "elapsed">, forMs: number, max = Infinity) {
    this.#clock = clock;
    this.#for = forMs;
    this.#max = max;
  }

  /**
   * The answer to a key. `ask` gets a signal of its own, which is aborted once no caller waits for the answer any more;
   * `signal` ends this wait alone.
   */
  async of(
    key: string,
    signal: AbortSignal | undefined,
    ask: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    const now = this.#clock.elapsed();
    for (const [one, { at, answer }] of this.#asked)
      if (now - at >= this.#for || !answer.isShareable) this.#asked.delete(one);
    const asked = this.#asked.get(key) ?? { at: now, answer: new SharedWork(ask) };
    this.#asked.set(key, asked);
    const [oldest] = this.#asked.keys();
    if (this.#asked.size > this.#max && oldest !== undefined) this.#asked.delete(oldest);
    return asked.answer.wait(signal);
  }

  /** Has it asked anew for the next caller. */
  forget(key: string): void {
    this.#asked.delete(key);
  }
}
