import { type Clock, PodtrustError } from "../../core/base/index.ts";
import { AcmeProblem, isPassing } from "./problem.ts";

// Without Retry-After: quick at first, since most decisions take a second or two.
const waits = [500, 1000, 2000, 3000, 5000];

export interface Polling<T> {
  /** What is waited for, as the subject of a sentence. */
  readonly what: string;
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
  read(): Promise<{ readonly value: T; readonly retryAfterMs: number | undefined }>;
  done(value: T): boolean;
}

type Look<T> =
  | { readonly value: T; readonly retryAfterMs: number | undefined }
  | { readonly failed: unknown; readonly retryAfterMs: number | undefined };

// While a CA decides, a failed look is not a failed decision.
async function look<T>(polling: Polling<T>): Promise<Look<T>> {
  try {
    return await polling.read();
  } catch (error) {
    if (!isPassing(error)) throw error;
    return { failed: error, retryAfterMs: error instanceof AcmeProblem ? error.retryAfterMs : undefined };
  }
}

/** Looks until `done`, keeping to Retry-After. Throws `deadline-exceeded`, or at once what will not pass. */
export async function poll<T>(polling: Polling<T>): Promise<T> {
  const { clock, deadlineMs, what } = polling;
  const begin = clock.now();
  let waited = 0;
  for (let looks = 0; ; looks += 1) {
    const seen = await look(polling);
    if ("value" in seen && polling.done(seen.value)) return seen.value;
    // Our own pace is the fastest, whatever the CA says: it bounds how often one decision makes us ask.
    const wait = Math.max(waits[Math.min(looks, waits.length - 1)] ?? 0, seen.retryAfterMs ?? 0);
    // A clock that is set back meanwhile must not make this go on for as long as it was set back.
    const spent = Math.max(waited, clock.now() - begin);
    if (spent + wait > deadlineMs) {
      if ("failed" in seen) throw seen.failed;
      throw new PodtrustError("deadline-exceeded", `${what}: not decided within ${deadlineMs / 1000} s`, {
        detail: { what, seconds: deadlineMs / 1000 },
      });
    }
    await clock.sleep(wait, polling.signal);
    waited += wait;
  }
}
