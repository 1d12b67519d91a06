import type { Clock } from "./clock.ts";

/** What one look gave: what was waited for, or why it is not there yet. */
export type Readiness<T> =
  | { readonly is: T }
  | {
      readonly waitsFor: string;
      /** The next look comes no sooner, in milliseconds: a server's Retry-After. */
      readonly minDelay?: number;
    };

export interface UntilOptions<T> {
  readonly clock: Pick<Clock, "elapsed" | "sleep">;
  /** Milliseconds after the first look began; no look begins later. */
  readonly withinMs: number;
  /** Milliseconds from the n-th look to the next (n from 0); the last one repeats. */
  readonly delays: readonly number[];
  readonly signal?: AbortSignal | undefined;
  /** `looks`: how many there were before. What it throws ends the wait. */
  readonly look: (looks: number) => Promise<Readiness<T>>;
  /** Called before each delay. `deadline`: when the wait ends at the latest, in milliseconds of `clock.elapsed()`. */
  readonly onWait?: ((reason: string, deadline: number) => void) | undefined;
  /** The error of a wait whose time is up. `reason`: of the last look. */
  readonly late: (reason: string) => unknown;
}

/** The delay after number `count` (from 0) of a list whose last one repeats. Milliseconds. */
export function delayAfter(delays: readonly number[], count: number): number {
  return delays[Math.min(count, delays.length - 1)] ?? 0;
}

/**
 * Polls until what is waited for is there, and returns it. The one loop of all waits: it counts by `clock.elapsed()`,
 * so that a time of day that jumps makes no wait longer or shorter.
 *
 * Throws what `look` throws, what `late` gives once no further look fits into the time, and the signal's reason.
 */
export async function until<T>(options: UntilOptions<T>): Promise<T> {
  const { clock, withinMs, delays, signal, look, onWait, late } = options;
  const deadline = clock.elapsed() + withinMs;
  for (let looks = 0; ; looks += 1) {
    signal?.throwIfAborted();
    const seen = await look(looks);
    if ("is" in seen) return seen.is;
    const { waitsFor, minDelay = 0 } = seen;
    const delay = Math.max(minDelay, delayAfter(delays, looks));
    signal?.throwIfAborted();
    if (clock.elapsed() + delay > deadline) throw await late(waitsFor);
    onWait?.(waitsFor, deadline);
    await clock.sleep(delay, signal);
  }
}
