import { defined, isRecord, mapped, textOf } from "../../core/base/index.ts";
import type { Moment } from "./moments.ts";
import type {
  KeyTurns,
  NextTurn,
  PromotionTurn,
  QuietTurn,
  RecordSpan,
  ServerRecord,
} from "./server-record.ts";
import { readTheft, type RecordedTheft } from "./theft-record.ts";

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

function nextOf(value: unknown): NextTurn | undefined {
  const span = spanOf(value);
  const kid = isRecord(value) ? textOf(value["kid"]) : undefined;
  return span === undefined || kid === undefined ? undefined : { ...span, kid };
}

function promotionOf(value: unknown): PromotionTurn | undefined {
  const next = nextOf(value);
  const before = isRecord(value) ? textOf(value["before"]) : undefined;
  return next === undefined || before === undefined ? undefined : { ...next, before };
}

function keyOf(value: unknown): KeyTurns | undefined {
  if (!isRecord(value)) return undefined;
  const { everywhere, retired, signs, distrusted } = value;
  return {
    ...defined({ everywhere: spanOf(everywhere), retired: spanOf(retired) }),
    signs: momentOf(signs),
    distrusted: momentOf(distrusted),
  };
}

function quietOf(value: unknown): QuietTurn | undefined {
  if (!isRecord(value)) return undefined;
  const numbers = ["turn", "count", "startedAt", "since"].map((name) => value[name]);
  if (!numbers.every((one): one is number => Number.isSafeInteger(one))) return undefined;
  const [turn = 0, count = 0, startedAt = 0, since = 0] = numbers;
  return { turn, count, startedAt, since };
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
  const { unsigned, next, promotion, keys, quiet, thefts } = value;
  const record = {
    unsigned: entriesOf(unsigned, spanOf),
    ...defined({ next: nextOf(next), promotion: promotionOf(promotion) }),
    keys: entriesOf(keys, keyOf),
    quiet: entriesOf(quiet, quietOf),
    thefts: entriesOf(thefts, (theft) => readTheft(theft, { momentOf, entriesOf })),
  };
  return { is: "record", record };
}

/** In one order, so that equal records have equal texts. */
const sorted = <Value, Written>(
  map: ReadonlyMap<string, Value>,
  write: (value: Value) => Written,
): Readonly<Record<string, Written>> =>
  Object.fromEntries(
    [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => [name, write(value)]),
  );

const momentText = (moment: Moment): Readonly<Record<string, number>> => sorted(moment, (at) => at);

/** What of a turn is no moment stays as it is. */
const written = ({ begun, ended, ...rest }: RecordSpan): object => ({
  ...rest,
  begun: momentText(begun),
  ended: momentText(ended),
});

const keyText = ({ everywhere, retired, signs, distrusted }: KeyTurns): object => ({
  ...defined({ everywhere: mapped(everywhere, written), retired: mapped(retired, written) }),
  signs: momentText(signs),
  distrusted: momentText(distrusted),
});

const writtenTheft = ({ tainted, published, proofs, ended, ...rest }: RecordedTheft): object => ({
  ...rest,
  tainted: sorted(tainted, (why) => why),
  published: momentText(published),
  proofs: sorted(proofs, (how) => how),
  ended: momentText(ended),
});

/** A record as a server keeps it: key IDs, issuers, and times. */
export function serverRecordText(record: ServerRecord): string {
  const { unsigned, next, promotion, keys, quiet, thefts } = record;
  const value = {
    version,
    unsigned: sorted(unsigned, written),
    ...defined({ next: mapped(next, written), promotion: mapped(promotion, written) }),
    keys: sorted(keys, keyText),
    quiet: sorted(quiet, ({ turn, count, startedAt, since }) => ({ turn, count, startedAt, since })),
    thefts: sorted(thefts, writtenTheft),
  };
  return `${JSON.stringify(value)}\n`;
}
