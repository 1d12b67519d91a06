interface Waiter {
  readonly condition: () => boolean;
  readonly resolve: () => void;
}

/** Those who wait for something to become true. */
export class Waiters {
  readonly #waiting = new Set<Waiter>();

  /** Resolves once `condition` holds; rejects with the signal's reason. */
  async until(condition: () => boolean, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (condition()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { condition, resolve };
    const onAbort = (): void => reject(signal?.reason as Error);
    this.#waiting.add(waiter);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      await promise;
    } finally {
      this.#waiting.delete(waiter);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** To be called whenever a condition may have become true. */
  check(): void {
    for (const { condition, resolve } of this.#waiting) if (condition()) resolve();
  }
}
