/** A moment by the clocks of those servers that saw it, each by its own: milliseconds since the epoch, by their names. */
export type Moment = ReadonlyMap<string, number>;

/** What began, may have ended, and may have begun again. It is never removed: only its end is added. */
export interface RecordSpan {
  /** How often it has begun. */
  readonly turn: number;
  readonly begun: Moment;
  /** Empty while it lasts. */
  readonly ended: Moment;
}

/**
 * What the servers of a cluster remember. Each has a copy, and what one of them lacks is had from the others: what holds is all
 * copies, united.
 */
export interface ServerRecord {
  /** Since when no API server signs as an issuer, by the issuer. */
  readonly unsigned: ReadonlyMap<string, RecordSpan>;
}

export const blankRecord: ServerRecord = { unsigned: new Map() };

/** The clocks of the servers that answered. */
export interface ServerClocks {
  /** Milliseconds since the epoch; what every moment is told by. */
  readonly now: number;
  /** The time of each server at that moment, by its name. */
  readonly times: Moment;
}

const never: Moment = new Map();

/** The values of both maps; of a name that both have, what `unite` makes of the two. */
function unitedMaps<Value>(
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
const unitedMoments = (a: Moment, b: Moment): Moment => unitedMaps(a, b, Math.min);

/** A later turn holds; of the same one both the beginning and the end, so that an end wins over a copy that lacks it. */
function unitedSpans(a: RecordSpan, b: RecordSpan): RecordSpan {
  if (a.turn !== b.turn) return a.turn > b.turn ? a : b;
  const { turn } = a;
  return { turn, begun: unitedMoments(a.begun, b.begun), ended: unitedMoments(a.ended, b.ended) };
}

/** Two copies as one: in any order, and however often. Nothing that either has is lost. */
export function unitedRecords(a: ServerRecord, b: ServerRecord): ServerRecord {
  return { unsigned: unitedMaps(a.unsigned, b.unsigned, unitedSpans) };
}

/** Whether something lasts. */
export const lasts = (span: RecordSpan | undefined): span is RecordSpan =>
  span !== undefined && span.ended.size === 0;

/** What begins at a moment, again or for the first time. */
export const begunSpan = (before: RecordSpan | undefined, at: Moment): RecordSpan => ({
  turn: (before?.turn ?? 0) + 1,
  begun: at,
  ended: never,
});

/** What ends at a moment; what has ended stays as it was. */
export const endedSpan = (span: RecordSpan, at: Moment): RecordSpan =>
  lasts(span) ? { ...span, ended: at } : span;

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

/** Which issuers API servers sign as, at one look at every one of them. */
export interface SigningIssuers {
  readonly signing: readonly string[];
  /** Every issuer that is asked about. */
  readonly known: readonly string[];
  /** Since when each API server runs as it does, by its own clock: what it signs as cannot have changed since. */
  readonly since: Moment;
}

/** What is remembered after such a look: for each issuer since when no API server signs as it. */
export function observedIssuers(
  record: ServerRecord,
  { signing, known, since }: SigningIssuers,
  clocks: ServerClocks,
): ServerRecord {
  const unsigned = new Map(record.unsigned);
  for (const issuer of new Set([...known, ...unsigned.keys()])) {
    const span = unsigned.get(issuer);
    if (signing.includes(issuer)) {
      if (span !== undefined) unsigned.set(issuer, endedSpan(span, clocks.times));
    } else if (!lasts(span) || timeOf(span.begun, clocks) === undefined) {
      unsigned.set(issuer, begunSpan(span, since));
    }
  }
  return { ...record, unsigned };
}

/** From this moment on an API server may sign as an issuer. */
export function signedAs(record: ServerRecord, issuer: string, { times }: ServerClocks): ServerRecord {
  const span = record.unsigned.get(issuer);
  if (!lasts(span)) return record;
  return { ...record, unsigned: new Map([...record.unsigned, [issuer, endedSpan(span, times)]]) };
}

/** Since when no API server signs as an issuer: undefined where one does, or where nothing is known of it. */
export function unsignedSince(
  { unsigned }: ServerRecord,
  issuer: string,
  clocks: ServerClocks,
): number | undefined {
  const span = unsigned.get(issuer);
  return lasts(span) ? timeOf(span.begun, clocks) : undefined;
}
