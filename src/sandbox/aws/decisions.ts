import type { Decision } from "./wire/index.ts";

/** Remembers the last so many decisions. */
export class DecisionRing {
  readonly #size: number;
  readonly #held: Decision[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  add(decision: Decision): void {
    this.#held.push(decision);
    if (this.#held.length > this.#size) this.#held.shift();
  }

  /** Oldest first. */
  all(): readonly Decision[] {
    return [...this.#held];
  }
}
