/** A moment by the clocks of those servers that saw it, each by its own: milliseconds since the epoch, by their names. */
export type Moment = ReadonlyMap<string, number>;

export const never: Moment = new Map();

/** The clocks of the servers that answered. */
export interface ServerClocks {
  /** Milliseconds since the epoch; what every moment is told by. */
  readonly now: number;
  /** The time of each server at that moment, by its name. */
  readonly times: Moment;
}

/** The values of both maps; of a name that both have, what `unite` makes of the two. */
export function unitedMaps<Value>(
  a: ReadonlyMap<string, Value>,
  b: ReadonlyMap<string, Value>,
  unite: (one: Value, other: Value) => Value,
): ReadonlyMap<string, Value> {
  const united = new Map(a);
  for (const [name, value] of b) {
    const other = united.get(name);
    united.set(name, other === undefined ? value : unite(other, value));
  }
  return united;
}

/** Of each server what it saw first. */
export const unitedMoments = (a: Moment, b: Moment): Moment => unitedMaps(a, b, Math.min);

/** What either has, or what `unite` makes of both. */
export function unitedIfAny<Value>(
  a: Value | undefined,
  b: Value | undefined,
  unite: (one: Value, other: Value) => Value,
): Value | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return unite(a, b);
}

// Between two readings of one clock it may be set by a little.
const clockSlackMs = 60_000;

/**
 * A moment as milliseconds since the epoch by `clocks.now`: no longer ago than any of the servers says that saw it, each by its own
 * clock. Undefined where one of those clocks has been set back behind it: nothing is known then.
 */
export function timeOf(moment: Moment, { now, times }: ServerClocks): number | undefined {
  const both = [...moment].flatMap(([name, at]) => {
    const time = times.get(name);
    return time === undefined ? [] : [time - at];
  });
  // None of those that saw it is there: the last of them, by the clock that is told by.
  const elapsed = Math.min(...(both.length > 0 ? both : [...moment.values()].map((at) => now - at)));
  return elapsed < -clockSlackMs || !Number.isFinite(elapsed) ? undefined : now - Math.max(0, elapsed);
}
