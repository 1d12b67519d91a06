import type { Clock } from "./clock.ts";

interface Asked<T> {
  readonly at: number;
  readonly answer: Promise<T>;
}

/**
 * Answers that are shared by all who ask the same within a time, also while they are awaited. What failed is asked anew by
 * whoever comes next, and so is what is not to be kept.
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

  async of(key: string, ask: () => Promise<T>, keeps: (answer: T) => boolean = () => true): Promise<T> {
    const now = this.#clock.elapsed();
    for (const [one, { at }] of this.#asked) if (now - at >= this.#for) this.#asked.delete(one);
    const asked = this.#asked.get(key) ?? { at: now, answer: ask() };
    this.#asked.set(key, asked);
    let isKept = false;
    try {
      const answer = await asked.answer;
      isKept = keeps(answer);
      return answer;
    } finally {
      if (!isKept && this.#asked.get(key) === asked) this.#asked.delete(key);
    }
  }

  /** Has it asked anew by whoever comes next. */
  forget(key: string): void {
    this.#asked.delete(key);
  }
}
