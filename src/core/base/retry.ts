import type { Clock } from "./clock.ts";
import { PodtrustError } from "./errors.ts";

/** How long to wait before each next attempt, and when to give up. All in milliseconds. */
export interface RetrySchedule {
  /** Why these numbers: shown to whoever waits. */
  readonly name: string;
  /** The wait after the n-th failure (n from 0); the last one repeats. */
  readonly delays: readonly number[];
  /** Counted from the first attempt; no attempt starts after it. */
  readonly giveUpAfter: number;
}

/** Wait after failure number `failures` (0 is the first), or undefined when `elapsed` has used up the schedule. */
export function nextDelay(schedule: RetrySchedule, failures: number, elapsed: number): number | undefined {
  const delay = schedule.delays[Math.min(failures, schedule.delays.length - 1)] ?? 0;
  return elapsed + delay > schedule.giveUpAfter ? undefined : delay;
}

export interface RetryOptions {
  readonly schedule: RetrySchedule;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** False ends the tries at once: the fault will not pass by itself. */
  readonly retryable?: (error: unknown) => boolean;
  /** Told before each wait, so that a person sees why nothing happens. */
  readonly onRetry?: (error: unknown, delay: number, deadline: number) => void;
}

/** Runs `work` until it succeeds; throws its LAST error when the schedule is used up or the error is final. */
export async function retry<T>(work: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { schedule, clock, signal } = options;
  const start = clock.now();
  for (let failures = 0; ; failures += 1) {
    if (signal?.aborted) throw new PodtrustError("interrupted", "the work was ended before it was done");
    try {
      return await work(failures);
    } catch (error) {
      const delay = nextDelay(schedule, failures, clock.now() - start);
      if (delay === undefined || options.retryable?.(error) === false) throw error;
      options.onRetry?.(error, delay, start + schedule.giveUpAfter);
      await clock.sleep(delay, signal);
    }
  }
}
