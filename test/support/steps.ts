import type { TestClock } from "./clock.ts";
import { maxWait } from "./until.ts";

export interface Steps {
  /** Milliseconds of the clock for each step; 1,000 by default. */
  readonly step?: number;
  /** Milliseconds of the clock that may pass; an hour by default. */
  readonly limit?: number;
  /** Real milliseconds after each step; 3 by default. More where steps are long and work between them is real. */
  readonly pause?: number;
}

/** Steps that are held back while nobody sleeps: three seconds on a quiet machine, and more on one that is slow. */
const maxHeld = 1000;

/**
 * Moves the clock in steps until `done`, with some real time for files, sockets and keys after each. While nobody sleeps on
 * the clock, what is under way is real, and time would run away from it on a slow machine: steps are held back then. At the
 * limit the clock stands still, and what is under way gets real time to end, as `until` gives it; then this throws.
 */
export async function stepUntil(clock: TestClock, done: () => boolean, steps: Steps = {}): Promise<void> {
  const end = clock.now() + (steps.limit ?? 3_600_000);
  let deadline = Infinity;
  let held = 0;
  for (;;) {
    await breathe(steps.pause ?? 3);
    if (done()) return;
    if (clock.sleeping === 0 && held < maxHeld) {
      held += 1;
      continue;
    }
    if (performance.now() > deadline) {
      throw new Error(`not done by ${new Date(end).toISOString()} of the test's clock`);
    }
    await clock.advance(Math.min(steps.step ?? 1000, end - clock.now()));
    if (clock.now() >= end) deadline = Math.min(deadline, performance.now() + maxWait);
  }
}

/** Real time for files, sockets and keys, without moving the clock. */
export async function breathe(ms = 30): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
