import { type Clock, defined, type Readiness, PodtrustError, until } from "../../core/base/index.ts";
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

/** Looks until `done`, keeping to Retry-After. Throws `deadline-exceeded`, or at once what will not pass. */
export async function poll<T>(polling: Polling<T>): Promise<T> {
  const { clock, deadlineMs, signal, what } = polling;
  let failed: unknown;
  const look = async (): Promise<Readiness<T>> => {
    failed = undefined;
    try {
      const { value, retryAfterMs: minDelay } = await polling.read();
      return polling.done(value) ? { is: value } : { waitsFor: what, ...defined({ minDelay }) };
    } catch (error) {
      // While a CA decides, a failed look is not a failed decision.
      if (!isPassing(error)) throw error;
      failed = error;
      const minDelay = error instanceof AcmeProblem ? error.retryAfterMs : undefined;
      return { waitsFor: what, ...defined({ minDelay }) };
    }
  };
  const late = (): unknown =>
    failed ??
    new PodtrustError("deadline-exceeded", `${what}: not decided within ${deadlineMs / 1000} s`, {
      detail: { what, seconds: deadlineMs / 1000 },
    });
  // Our own pace is the fastest, whatever the CA says: it bounds how often we poll for one decision.
  return until({ clock, withinMs: deadlineMs, delays: waits, signal, look, late });
}
