import type { Clock } from "./clock.ts";
import { PodtrustError } from "./errors.ts";
import { until } from "./until.ts";

/** How long to wait before each next attempt, and when to give up. All in milliseconds. */
export interface RetrySchedule {
  /** Why these numbers: shown to a person who waits. */
  readonly name: string;
  /** The wait after the n-th failure (n from 0); the last one repeats. */
  readonly delays: readonly number[];
  /** Counted from the first attempt; no attempt starts after it. */
  readonly giveUpAfter: number;
}

export interface RetryOptions {
  readonly schedule: RetrySchedule;
  readonly clock: Pick<Clock, "elapsed" | "sleep">;
  readonly signal?: AbortSignal;
  /** False ends the tries at once: the fault will not pass by itself. */
  readonly retryable?: (error: unknown) => boolean;
  /**
   * Called before each wait, so that a person sees why nothing happens. `deadline`: when the tries end, in milliseconds
   * of `clock.elapsed()`.
   */
  readonly onRetry?: (error: unknown, deadline: number) => void;
}

/** Runs `work` until it succeeds; throws its LAST error when the schedule is used up or the error is final. */
export async function retry<T>(work: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { schedule, clock, signal, retryable = () => true, onRetry } = options;
  if (signal?.aborted) throw new PodtrustError("interrupted", "the work was ended before it was done");
  let failure: unknown;
  return until<T>({
    clock,
    withinMs: schedule.giveUpAfter,
    delays: schedule.delays,
    signal,
    look: async (attempt) => {
      try {
        return { is: await work(attempt) };
      } catch (error) {
        if (!retryable(error)) throw error;
        failure = error;
        return { waitsFor: schedule.name };
      }
    },
    onWait: (_reason, deadline) => onRetry?.(failure, deadline),
    late: () => failure,
  });
}
