import { delayAfter, type RetrySchedule } from "../../core/base/index.ts";

const minute = 60_000;
const hour = 60 * minute;
const minutes = [
  1, 2, 2, 5, 10, 10, 10, 20, 20, 20, 20, 30, 30, 30, 30, 30, 30, 60, 60, 60, 120, 120, 180, 180, 360,
];

/**
 * Waits between attempts at a certificate, after certmagic's: a passing fault is over after a minute or two; a longer
 * one needs a person or DNS, and then the CA's limits matter more than haste.
 */
export const certificateRetries: RetrySchedule = {
  name: "1 minute at first, 6 hours in the end, for 30 days",
  delays: minutes.map((count) => count * minute),
  giveUpAfter: 30 * 24 * hour,
};

/**
 * The wait after the n-th failure in a row (n from 1), `elapsed` since the first. After 30 days once a day: the
 * schedule is used up, but a publisher that gave up for good would stay down after its cause is gone. While little life
 * is left (`urgent`), at most an hour.
 */
export function attemptDelay(failures: number, elapsed: number, urgent: boolean): number {
  const next = delayAfter(certificateRetries.delays, Math.max(0, failures - 1));
  const delay = elapsed + next > certificateRetries.giveUpAfter ? 24 * hour : next;
  return urgent ? Math.min(delay, hour) : delay;
}
