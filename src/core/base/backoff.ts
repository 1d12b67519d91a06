/** The delays after failures in a row: twice as long each time, from one to another. In milliseconds. */
export interface BackoffSchedule {
  readonly first: number;
  readonly max: number;
  /** A whole number from 0 to `below` − 1, by chance: so that many who failed together do not come again together. */
  readonly chance: (below: number) => number;
}

/** The delay after so many failures in a row (1 or more): between half and all of its step. Milliseconds. */
export function backoffDelay(failures: number, { first, max, chance }: BackoffSchedule): number {
  const step = Math.min(max, first * 2 ** Math.min(failures - 1, 30));
  return step / 2 + chance(step / 2 + 1);
}
