/** Wakes those who wait for something to become true whenever it may have become so. */
export class Moment {
  readonly #holds: () => boolean;
  readonly #waiting = new Set<() => void>();

  constructor(holds: () => boolean) {
    this.#holds = holds;
  }

  /** Looks again. */
  check(): void {
    if (this.#waiting.size === 0 || !this.#holds()) return;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** Resolves when it holds; rejects with the signal's reason. */
  reached(signal?: AbortSignal): Promise<void> {
    if (this.#holds()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      this.#waiting.add(resolve);
      const give = (): void => {
        this.#waiting.delete(resolve);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener("abort", give, { once: true });
    });
  }
}
