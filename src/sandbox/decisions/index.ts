/** How many decisions a stand-in remembers. */
const defaultMax = 1000;

/** The latest decisions of a stand-in, of whichever relying party. */
export class DecisionLog<Decision> {
  readonly #max: number;
  #entries: Decision[] = [];

  /** `max`: how many are remembered; a thousand by default. */
  constructor(max: number = defaultMax) {
    this.#max = max;
  }

  add(decision: Decision): void {
    this.#entries.push(decision);
    // Dropping one per request would move a thousand each time; this keeps up to twice as many.
    if (this.#entries.length >= 2 * this.#max) this.#entries = [...this.latest()];
  }

  /** Oldest first. */
  latest(): readonly Decision[] {
    return this.#entries.slice(-this.#max);
  }

  clear(): void {
    this.#entries = [];
  }
}
