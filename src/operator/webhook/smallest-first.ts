/** Milliseconds after which a review no longer lets smaller ones pass. */
const passed = 1000;

interface QueuedRequest {
  readonly bytes: number;
  readonly since: number;
  readonly begin: () => void;
}

/** Below zero where the first goes first. */
const compare = (a: QueuedRequest, b: QueuedRequest): number => a.bytes - b.bytes || a.since - b.since;

/**
 * Reads the parts of large reviews and processes complete ones, one per turn of the event loop: parsing one of megabytes
 * blocks everything else, so small ones, nearly all of them, go first. What has waited for long goes in every other turn,
 * so that however many large ones wait, they cost a small one the wait for one.
 */
export class SmallestFirst {
  readonly #elapsed: () => number;
  readonly #waiting = new Set<QueuedRequest>();
  #isSmallestsTurn = false;

  /** `elapsed`: milliseconds of a clock that only goes forward. */
  constructor(elapsed: () => number) {
    this.#elapsed = elapsed;
  }

  /** Resolves when a review of this many bytes has its turn; `since`: when it came, by that clock, now by default. */
  take(bytes: number, since = this.#elapsed()): Promise<void> {
    return new Promise((begin) => {
      this.#waiting.add({ bytes, since, begin });
      if (this.#waiting.size === 1) setImmediate(() => this.#turn());
    });
  }

  #turn(): void {
    const all = [...this.#waiting];
    const oldest = all.reduce((one, other) => (other.since < one.since ? other : one));
    const smallest = all.reduce((one, other) => (compare(other, one) < 0 ? other : one));
    const isAged = this.#elapsed() - oldest.since >= passed;
    const next = isAged && !this.#isSmallestsTurn ? oldest : smallest;
    this.#isSmallestsTurn = next === oldest && isAged;
    this.#waiting.delete(next);
    if (this.#waiting.size > 0) setImmediate(() => this.#turn());
    next.begin();
  }
}
