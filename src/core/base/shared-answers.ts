import type { Clock } from "./clock.ts";

interface Asked<T> {
  readonly at: number;
  readonly answer: Promise<T>;
}

/**
 * Answers that are shared by all who ask the same within a time, also while they are awaited. What failed is asked anew by
 * whoever comes next.
 */
export class SharedAnswers<T> {
  readonly #clock: Pick<Clock, "elapsed">;
  readonly #for: number;
  readonly #asked = new Map<string, Asked<T>>();

  /** `forMs`: for so many milliseconds from when it was asked for. */
  constructor(clock: Pick<Clock, "elapsed">, forMs: number) {
    this.#clock = clock;
    this.#for = forMs;
  }

  async of(key: string, ask: () => Promise<T>): Promise<T> {
    const now = this.#clock.elapsed();
    for (const [one, { at }] of this.#asked) if (now - at >= this.#for) this.#asked.delete(one);
    const asked = this.#asked.get(key) ?? { at: now, answer: ask() };
    this.#asked.set(key, asked);
    try {
      return await asked.answer;
    } catch (error) {
      if (this.#asked.get(key) === asked) this.#asked.delete(key);
      throw error;
    }
  }

  /** Has it asked anew by whoever comes next. */
  forget(key: string): void {
    this.#asked.delete(key);
  }
}
