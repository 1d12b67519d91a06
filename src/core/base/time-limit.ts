import { ChildAbort } from "./child-abort.ts";
import type { Clock } from "./clock.ts";

/** The signal of work that may take so long by a clock: aborted once that is over, with its parent, and when the work has ended. */
export class TimeLimit {
  readonly #over: ChildAbort;
  readonly #bell: Promise<void>;
  #isLate = false;

  /** `ms` in milliseconds; `reason`: with which the signal is aborted once they are over. */
  constructor(
    clock: Pick<Clock, "sleep">,
    {
      ms,
      signal,
      reason,
    }: { readonly ms: number; readonly signal: AbortSignal; readonly reason?: () => Error },
  ) {
    this.#over = new ChildAbort(signal);
    this.#bell = clock.sleep(ms, this.#over.signal).then(
      () => {
        this.#isLate = true;
        this.#over.abort(reason?.());
      },
      () => {},
    );
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Whether the time was over before the work had ended. */
  get isLate(): boolean {
    return this.#isLate;
  }

  /** The work has ended, however; resolves once the sleep has ended too. */
  async end(): Promise<void> {
    this.#over.abort();
    this.#over.release();
    await this.#bell;
  }
}
