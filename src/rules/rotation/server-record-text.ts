import { isRecord } from "../../core/base/index.ts";
import { blankRecord, type Moment, type ServerRecord, type RecordSpan } from "./server-record.ts";

const version = 1;

/** What a text is that should be a server's record. */
export type ReadServerRecord =
  | { readonly is: "record"; readonly record: ServerRecord }
  /** A later podtrust wrote it: what it has more must not be lost. */
  | { readonly is: "later" }
  | { readonly is: "damaged" };

// A cluster has a handful of servers, keys and issuers, and gets a few more of them a year.
const maxEntries = 10_000;

const momentOf = (value: unknown): Moment =>
  new Map(
    Object.entries(isRecord(value) ? value : {}).flatMap(([name, at]) =>
      Number.isSafeInteger(at) ? [[name, at as number] as const] : [],
    ),
  );

function spanOf(value: unknown): RecordSpan | undefined {
  if (!isRecord(value)) return undefined;
  const { turn, begun, ended } = value;
  if (!Number.isSafeInteger(turn)) return undefined;
  return { turn: turn as number, begun: momentOf(begun), ended: momentOf(ended) };
}

/** The entries of an object that can be read. */
function entriesOf<T>(value: unknown, read: (entry: unknown) => T | undefined): ReadonlyMap<string, T> {
  const all = Object.entries(isRecord(value) ? value : {}).slice(0, maxEntries);
  return new Map(
    all.flatMap(([name, entry]) => {
      const one = read(entry);
      return one === undefined ? [] : [[name, one] as const];
    }),
  );
}

/** Reads what `serverRecordText` wrote. */
export function readServerRecord(text: string): ReadServerRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { is: "damaged" };
  }
  if (!isRecord(value) || !Number.isSafeInteger(value["version"])) return { is: "damaged" };
  if (value["version"] !== version) return { is: "later" };
  return { is: "record", record: { ...blankRecord, unsigned: entriesOf(value["unsigned"], spanOf) } };
}

/** In one order, so that equal records have equal texts. */
const sorted = <Value, Written>(
  map: ReadonlyMap<string, Value>,
  write: (value: Value) => Written,
): Readonly<Record<string, Written>> =>
  Object.fromEntries(
    [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => [name, write(value)]),
  );

const written = ({ turn, begun, ended }: RecordSpan): object => {
  const plain = (at: number): number => at;
  return { turn, begun: sorted(begun, plain), ended: sorted(ended, plain) };
};

/** A record as a server keeps it. */
export function serverRecordText({ unsigned }: ServerRecord): string {
  return `${JSON.stringify({ version, unsigned: sorted(unsigned, written) })}\n`;
}
