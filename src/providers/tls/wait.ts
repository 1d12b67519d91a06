/** A wait, as two readings of the clock. Milliseconds since the epoch. */
export interface WaitSpan {
  readonly from: number;
  readonly until: number;
}

/** No wait at all. */
export const noWait: WaitSpan = { from: -Infinity, until: -Infinity };

// What a time server takes back in small steps only makes a wait that much longer.
const tolerated = 60_000;

/**
 * When a wait ends, as seen at `now`. One that lies in the future altogether was begun by a clock that has been
 * set right since: it is over, or a machine that woke up in the wrong year would renew nothing until that year.
 */
export function endOf({ from, until }: WaitSpan, now: number): number {
  return now < from - tolerated ? now : until;
}
