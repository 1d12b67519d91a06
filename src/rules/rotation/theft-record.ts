import { defined, isRecord, textOf } from "../../core/base/index.ts";
import { type Moment, never, type ServerClocks, timeOf, unitedMaps, unitedMoments } from "./moments.ts";
import { type Taint, type TaintedKey, taints } from "./tainted.ts";

/** The two answers to a theft. The first may follow the other, and never the other way round. */
export type TheftWay =
  /** Each API server goes in one restart to a key that nobody has had. */
  | "at-once"
  /** The next key signs beside the stolen one: good only where the thief reaches no API server. */
  | "thief-reaches-no-api";

/** How it is known that an API server takes no token of a tainted key. */
export type KeyEndProof =
  /** A token of a tainted key that it took right before its restart is refused, and one of the fresh key is taken. */
  | "tokens"
  /**
   * It could make no token before: its key files, which are older than its process, and the keys that it shows. Where a signer has the
   * keys: those that it shows and signs with.
   */
  | "files";

// What comes first holds where two copies differ.
const ways: readonly TheftWay[] = ["at-once", "thief-reaches-no-api"];
const proofs: readonly KeyEndProof[] = ["tokens", "files"];

/** How far the answer to a theft has come: another run continues from it. Times are milliseconds since the epoch. */
export interface TheftProgress {
  readonly stolen: string;
  readonly way: TheftWay;
  /** The key that takes the place of all others, once it is made. */
  readonly fresh?: string;
  /** The keys that end, with why. */
  readonly tainted: readonly TaintedKey[];
  /** When what is published was first seen, from outside, with the fresh key and without a tainted one. */
  readonly publishedAt?: number;
  /** How each server was shown to take no tainted token, by its name. */
  readonly servers: Readonly<Record<string, KeyEndProof>>;
  /** When every server was shown so, and no copy of a tainted key was left there. */
  readonly endedAt?: number;
}

/** The same as servers remember it: each entry is added to and never taken back. */
export interface RecordedTheft {
  readonly way: TheftWay;
  readonly fresh?: string;
  /** By key ID. */
  readonly tainted: ReadonlyMap<string, Taint>;
  /** Empty while that was not seen. */
  readonly published: Moment;
  /** By the server's name. */
  readonly proofs: ReadonlyMap<string, KeyEndProof>;
  /** Empty while it is under way. */
  readonly ended: Moment;
}

const firstOf =
  <T>(order: readonly T[]) =>
  (a: T, b: T): T =>
    order.indexOf(a) < order.indexOf(b) ? a : b;

/** Two copies as one: in any order, and however often. Of two fresh keys one holds, the same one for all that see both. */
export function unitedThefts(a: RecordedTheft, b: RecordedTheft): RecordedTheft {
  const [fresh] = [a.fresh, b.fresh].filter((kid) => kid !== undefined).sort();
  return {
    way: firstOf(ways)(a.way, b.way),
    ...defined({ fresh }),
    tainted: unitedMaps(a.tainted, b.tainted, firstOf(taints)),
    published: unitedMoments(a.published, b.published),
    proofs: unitedMaps(a.proofs, b.proofs, firstOf(proofs)),
    ended: unitedMoments(a.ended, b.ended),
  };
}

const momentIf = (time: number | undefined, at: Moment): Moment => (time === undefined ? never : at);

/** What servers are to remember of it, stamped with each one's own time. */
export function recordedTheft(progress: TheftProgress, at: Moment): RecordedTheft {
  const { way, fresh, tainted, publishedAt, servers, endedAt } = progress;
  return {
    way,
    ...defined({ fresh }),
    tainted: new Map(tainted.map(({ kid, why }) => [kid, why])),
    published: momentIf(publishedAt, at),
    proofs: new Map(Object.entries(servers)),
    ended: momentIf(endedAt, at),
  };
}

/** The same for who goes on with it, by the clocks of the servers that answered. A time whose clock was set back counts as now. */
export function theftProgress(
  stolen: string,
  { way, fresh, tainted, published, proofs: servers, ended }: RecordedTheft,
  clocks: ServerClocks,
): TheftProgress {
  const timeIf = (moment: Moment): number | undefined =>
    moment.size === 0 ? undefined : (timeOf(moment, clocks) ?? clocks.now);
  return {
    stolen,
    way,
    ...defined({ fresh, publishedAt: timeIf(published), endedAt: timeIf(ended) }),
    // The stolen one first.
    tainted: taints.flatMap((why) => [...tainted].flatMap(([kid, of]) => (of === why ? [{ kid, why }] : []))),
    servers: Object.fromEntries(servers),
  };
}

const oneOf = <T extends string>(all: readonly T[], value: unknown): T | undefined =>
  all.find((one) => one === value);

/** Reads what a record has under a stolen key. Undefined for anything else. */
export function readTheft(value: unknown, { momentOf, entriesOf }: TheftReaders): RecordedTheft | undefined {
  if (!isRecord(value)) return undefined;
  const way = oneOf(ways, value["way"]);
  if (way === undefined) return undefined;
  return {
    way,
    ...defined({ fresh: textOf(value["fresh"]) }),
    tainted: entriesOf(value["tainted"], (why) => oneOf(taints, why)),
    published: momentOf(value["published"]),
    proofs: entriesOf(value["proofs"], (how) => oneOf(proofs, how)),
    ended: momentOf(value["ended"]),
  };
}

/** How a record's own reader reads moments and entries. */
interface TheftReaders {
  readonly momentOf: (value: unknown) => Moment;
  readonly entriesOf: <T>(value: unknown, read: (entry: unknown) => T | undefined) => ReadonlyMap<string, T>;
}
