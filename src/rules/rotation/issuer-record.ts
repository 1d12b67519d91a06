import { type Moment, type ServerClocks, timeOf } from "./moments.ts";
import { begunSpan, endedSpan, lasts, type ServerRecord } from "./server-record.ts";

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
