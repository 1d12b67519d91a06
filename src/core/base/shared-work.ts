/**
 * Work that several callers wait for, each with a signal. The work has its own too: it ends once no caller waits any
 * more, and not with the first caller.
 */
export class SharedWork<T> {
  readonly #ending = new AbortController();
  readonly #result: Promise<T>;
  #waiting = 0;
  #state: "running" | "done" | "failed" = "running";

  /** Begins at once. `work`: gets the signal that ends it. */
  constructor(work: (signal: AbortSignal) => Promise<T>) {
    this.#result = work(this.#ending.signal);
    this.#result.then(
      () => (this.#state = "done"),
      () => (this.#state = "failed"),
    );
  }

  /** The work that was begun before, where a new caller may share it; else the same begun anew. */
  static again<T>(
    before: SharedWork<T> | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): SharedWork<T> {
    return before?.isShareable === true ? before : new SharedWork(work);
  }

  /** Whether a new caller may share it: it neither failed nor was ended. */
  get isShareable(): boolean {
    return this.#state !== "failed" && !this.#ending.signal.aborted;
  }

  /** Resolves once the work has ended, however. */
  async ended(): Promise<void> {
    await this.#result.catch(() => {});
  }

  /** What the work gives or throws; the signal's reason when that ends first. */
  async wait(signal?: AbortSignal): Promise<T> {
    const { promise: ended, reject } = Promise.withResolvers<never>();
    const leave = (): void => reject(signal?.reason as Error);
    this.#waiting += 1;
    try {
      signal?.throwIfAborted();
      signal?.addEventListener("abort", leave, { once: true });
      return await Promise.race([this.#result, ended]);
    } finally {
      signal?.removeEventListener("abort", leave);
      this.#waiting -= 1;
      if (this.#waiting === 0 && this.#state === "running") this.#ending.abort(signal?.reason);
    }
  }
}
