import { ChildAbort, type Clock } from "../../../core/base/index.ts";

/** How long something may be silent before it is asked about. */
export interface Silence {
  readonly clock: Clock;
  readonly silenceMs: number;
  readonly signal: AbortSignal;
  /** Called after `silenceMs` without a word, again and again; what it throws ends the work. */
  readonly ask: (signal: AbortSignal) => Promise<void>;
}

/** Does `work`, which calls `heard` at each word that comes. Throws what `ask` or `work` throws. */
export async function whileHeard<T>(
  { clock, silenceMs, signal, ask }: Silence,
  work: (heard: () => void, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new ChildAbort(signal);
  let last = clock.elapsed();
  const heard = (): void => {
    last = clock.elapsed();
  };
  const listen = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await clock.sleep(last + silenceMs - clock.elapsed(), over.signal);
      if (clock.elapsed() - last < silenceMs) continue;
      await ask(over.signal);
      heard();
    }
  };
  let failed: { readonly by: unknown } | undefined;
  const listening = listen().catch((error: unknown) => {
    if (over.signal.aborted) return;
    failed = { by: error };
    over.abort(error);
  });
  try {
    return await work(heard, over.signal);
  } catch (error) {
    throw failed === undefined ? error : failed.by;
  } finally {
    over.abort();
    over.release();
    await listening;
  }
}
