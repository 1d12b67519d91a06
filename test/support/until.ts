import { setTimeout as sleep } from "node:timers/promises";

/**
 * So long a test waits for a state, in milliseconds, before it gives up: many times what anything takes here, so that a
 * slow machine fails nothing. A test that measures time has a bound of its own.
 */
export const maxWait = 600_000;

/** The same, as kubectl and Helm are told it. */
export const maxWaitFlag = `--timeout=${maxWait / 1000}s`;

/** Milliseconds of the pause after a probe: at most two seconds. */
function pauseAfter(probed: number, everyMs: number): number {
  // One that starts a program would otherwise take the processor from what is waited for.
  return Math.max(everyMs, Math.min(3 * probed, 2000));
}

/** How often is asked, and what a failure says beside what is missing. */
export interface UntilOptions {
  /** Between two probes; longer where a probe takes long itself. Default: 50 ms. */
  readonly everyMs?: number;
  /** Default: ten minutes. Never less. */
  readonly withinMs?: number;
  /** Called at the failure: the last words of a program, say. */
  readonly detail?: () => unknown;
}

/**
 * Asks until it is so, and gives what was found: `probe` says so by anything but false and undefined. What it throws is
 * thrown on. At the deadline an error says what is missing.
 */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  { everyMs = 50, withinMs = maxWait, detail }: UntilOptions = {},
): Promise<Exclude<T, false | undefined>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const asked = performance.now();
    const found = await probe();
    if (found !== false && found !== undefined) return found as Exclude<T, false | undefined>;
    const now = performance.now();
    if (now > deadline) {
      const more = detail === undefined ? "" : `\n${String(await detail())}`;
      throw new Error(`it did not come to this within ${withinMs / 60_000} minutes: ${what}${more}`);
    }
    await sleep(pauseAfter(now - asked, everyMs));
  }
}
