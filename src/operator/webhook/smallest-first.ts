/** Milliseconds after which a review no longer lets smaller ones pass. */
const passed = 1000;

interface QueuedRequest {
  readonly bytes: number;
  readonly since: number;
  readonly begin: () => void;
}

/**
 * Processes complete reviews, one per turn of the event loop: parsing one of megabytes blocks everything else, so small
 * ones, nearly all of them, go first.
 */
export class SmallestFirst {
  readonly #elapsed: () => number;
  readonly #waiting = new Set<QueuedRequest>();

  /** `elapsed`: milliseconds of a clock that only goes forward. */
  constructor(elapsed: () => number) {
    this.#elapsed = elapsed;
  }

  /** Resolves when a review of this many bytes has its turn. */
  take(bytes: number): Promise<void> {
    return new Promise((begin) => {
      this.#waiting.add({ bytes, since: this.#elapsed(), begin });
      if (this.#waiting.size === 1) setImmediate(() => this.#turn());
    });
  }

  #turn(): void {
    const [oldest] = this.#waiting;
    let next = oldest;
    if (oldest !== undefined && this.#elapsed() - oldest.since < passed)
      for (const one of this.#waiting) if (one.bytes < (next?.bytes ?? 0)) next = one;
    if (next === undefined) return;
    this.#waiting.delete(next);
    if (this.#waiting.size > 0) setImmediate(() => this.#turn());
    next.begin();
  }
}
