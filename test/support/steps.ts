import type { TestClock } from "./clock.ts";

export interface Steps {
  /** Milliseconds of the clock for each step; 1,000 unless told. */
  readonly step?: number;
  /** Milliseconds of the clock after which it is too late; an hour unless told. */
  readonly limit?: number;
}

/**
 * Moves the clock in steps until `done`, with some real time for files, sockets and keys after each. Throws
 * when the limit is reached.
 */
export async function stepUntil(clock: TestClock, done: () => boolean, steps: Steps = {}): Promise<void> {
  const end = clock.now() + (steps.limit ?? 3_600_000);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 3));
    if (done()) return;
    if (clock.now() >= end) throw new Error(`not done by ${new Date(end).toISOString()} of the test's clock`);
    await clock.advance(Math.min(steps.step ?? 1000, end - clock.now()));
  }
}

/** Real time for files, sockets and keys, without moving the clock. */
export async function breathe(ms = 30): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
