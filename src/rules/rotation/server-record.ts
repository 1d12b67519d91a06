import { defined } from "../../core/base/index.ts";
import { type Moment, never, unitedIfAny, unitedMaps, unitedMoments } from "./moments.ts";
import { type RecordedTheft, unitedThefts } from "./theft-record.ts";

/** What began, may have ended, and may have begun again. It is never removed: only its end is added. */
export interface RecordSpan {
  /** How often it has begun. */
  readonly turn: number;
  readonly begun: Moment;
  /** Empty while it lasts. */
  readonly ended: Moment;
}

/** A key that is to sign next, until it was given up or signs everywhere. */
export interface NextTurn extends RecordSpan {
  readonly kid: string;
}

/** A promotion, for as long as there is a way back to the key that signed before. */
export interface PromotionTurn extends NextTurn {
  readonly before: string;
}

/** What is remembered of one key. */
export interface KeyTurns {
  /** Every API server verifies it and all that is published shows it. */
  readonly everywhere?: RecordSpan;
  /** No API server signs with it. */
  readonly retired?: RecordSpan;
  /** From when it may have signed; empty where it has not. */
  readonly signs: Moment;
  /** Since when it is distrusted, which is never taken back here; empty where it is not. */
  readonly distrusted: Moment;
}

/** How long the count of stale tokens of one API server has not changed, by its own clock. */
export interface QuietTurn {
  /** How often it was counted anew. */
  readonly turn: number;
  readonly count: number;
  readonly startedAt: number;
  readonly since: number;
}

/**
 * What the servers of a cluster remember. Each has a copy, and what one of them lacks is had from the others: what holds is all
 * copies, united.
 */
export interface ServerRecord {
  /** Since when no API server signs as an issuer, by the issuer. */
  readonly unsigned: ReadonlyMap<string, RecordSpan>;
  readonly next?: NextTurn;
  readonly promotion?: PromotionTurn;
  /** By key ID. */
  readonly keys: ReadonlyMap<string, KeyTurns>;
  /** By the server's name. */
  readonly quiet: ReadonlyMap<string, QuietTurn>;
  /** Answers to thefts, by the ID of the stolen key. */
  readonly thefts: ReadonlyMap<string, RecordedTheft>;
}

export const blankRecord: ServerRecord = {
  unsigned: new Map(),
  keys: new Map(),
  quiet: new Map(),
  thefts: new Map(),
};

/** Whether nothing is remembered of any rotation. */
export const knowsNoRotation = ({ next, promotion, keys }: ServerRecord): boolean =>
  next === undefined && promotion === undefined && keys.size === 0;

/** A later turn holds; of the same one both the beginning and the end, so that an end wins over a copy that lacks it. */
function unitedSpans(a: RecordSpan, b: RecordSpan): RecordSpan {
  if (a.turn !== b.turn) return a.turn > b.turn ? a : b;
  const { turn } = a;
  return { turn, begun: unitedMoments(a.begun, b.begun), ended: unitedMoments(a.ended, b.ended) };
}

const aboutOf = ({ kid, before = "" }: NextTurn & Partial<PromotionTurn>): string => `${kid} ${before}`;

/** Two runs that began something else in the same turn: one of them holds, the same one for all that see both. */
function unitedTurns<Turn extends NextTurn>(a: Turn, b: Turn): Turn {
  if (a.turn !== b.turn) return a.turn > b.turn ? a : b;
  const [one, other] = [aboutOf(a), aboutOf(b)];
  return one === other ? { ...a, ...unitedSpans(a, b) } : one > other ? a : b;
}

function unitedKeys(a: KeyTurns, b: KeyTurns): KeyTurns {
  return {
    ...defined({
      everywhere: unitedIfAny(a.everywhere, b.everywhere, unitedSpans),
      retired: unitedIfAny(a.retired, b.retired, unitedSpans),
    }),
    signs: unitedMoments(a.signs, b.signs),
    distrusted: unitedMoments(a.distrusted, b.distrusted),
  };
}

/** What is later holds, and of the same count what was seen first. */
function unitedQuiet(a: QuietTurn, b: QuietTurn): QuietTurn {
  const order = a.turn - b.turn || a.startedAt - b.startedAt || a.count - b.count || b.since - a.since;
  return order >= 0 ? a : b;
}

/** Two copies as one: in any order, and however often. Nothing that either has is lost. */
export function unitedRecords(a: ServerRecord, b: ServerRecord): ServerRecord {
  return {
    unsigned: unitedMaps(a.unsigned, b.unsigned, unitedSpans),
    ...defined({
      next: unitedIfAny(a.next, b.next, unitedTurns),
      promotion: unitedIfAny(a.promotion, b.promotion, unitedTurns),
    }),
    keys: unitedMaps(a.keys, b.keys, unitedKeys),
    quiet: unitedMaps(a.quiet, b.quiet, unitedQuiet),
    thefts: unitedMaps(a.thefts, b.thefts, unitedThefts),
  };
}

/** Whether something lasts. */
export const lasts = <Span extends RecordSpan>(span: Span | undefined): span is Span =>
  span !== undefined && span.ended.size === 0;

/** What begins at a moment, again or for the first time. */
export const begunSpan = (before: RecordSpan | undefined, at: Moment): RecordSpan => ({
  turn: (before?.turn ?? 0) + 1,
  begun: at,
  ended: never,
});

/** What ends at a moment; what has ended stays as it was. */
export const endedSpan = <Span extends RecordSpan>(span: Span, at: Moment): Span =>
  lasts(span) ? { ...span, ended: at } : span;
