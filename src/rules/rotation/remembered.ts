import { defined } from "../../core/base/index.ts";
import type { ServerKeys } from "./facts.ts";
import { emptyRecord, type KeyRecord, recordAfterLoss, rememberedOf, type RotationRecord } from "./record.ts";
import { type Moment, never, type ServerClocks, timeOf } from "./moments.ts";
import {
  begunSpan,
  endedSpan,
  type KeyTurns,
  lasts,
  type QuietTurn,
  type RecordSpan,
  type ServerRecord,
} from "./server-record.ts";

/** The public half of a key that is to sign next, as it lies in podtrust's folder on a server. */
export interface NextHalf {
  readonly kid: string;
  /** PEM. */
  readonly publicKey: string;
  /** Where no machine has its private half: that half in the age format, in base64. */
  readonly file?: string;
}

const since = (span: RecordSpan | undefined, clocks: ServerClocks): number | undefined =>
  lasts(span) ? timeOf(span.begun, clocks) : undefined;

/** A time whose clock was set back is known to be there, and no more. */
const timeIfAny = (moment: Moment, clocks: ServerClocks): number | undefined =>
  moment.size === 0 ? undefined : (timeOf(moment, clocks) ?? clocks.now);

const keyRecordOf = (kid: string, key: KeyTurns, clocks: ServerClocks): KeyRecord => ({
  kid,
  ...defined({
    everywhereSince: since(key.everywhere, clocks),
    signsSince: timeIfAny(key.signs, clocks),
    retiredAt: since(key.retired, clocks),
    distrustedAt: timeIfAny(key.distrusted, clocks),
  }),
});

/**
 * What the servers remember of a rotation, by the clocks of those that answered. The next key is one whose public half a server
 * holds (`halves`), and neither it nor the one before is distrusted: the record alone makes no key.
 */
export function rotationRecordOf(
  { next, promotion, keys, quiet }: ServerRecord,
  clocks: ServerClocks,
  halves: ReadonlyMap<string, NextHalf>,
): RotationRecord {
  const isTrusted = (kid: string): boolean => (keys.get(kid)?.distrusted ?? never).size === 0;
  const half = lasts(next) && isTrusted(next.kid) ? halves.get(next.kid) : undefined;
  const { file } = half ?? {};
  const sealed = half === undefined || file === undefined ? undefined : { publicKey: half.publicKey, file };
  const before = lasts(promotion) && isTrusted(promotion.before) ? promotion.before : undefined;
  return {
    version: 1,
    ...defined({ next: half?.kid, sealed, before }),
    keys: [...keys].map(([kid, key]) => keyRecordOf(kid, key, clocks)),
    quiet: [...quiet].flatMap(([server, { count, startedAt, since: at }]) => {
      const time = timeOf(new Map([[server, at]]), clocks);
      return time === undefined || !clocks.times.has(server)
        ? []
        : [{ server, count, startedAt, since: time }];
    }),
  };
}

const changedSpan = (
  span: RecordSpan | undefined,
  [before, after]: readonly [number | undefined, number | undefined],
  at: Moment,
): RecordSpan | undefined => {
  if (after !== undefined) return before === undefined ? begunSpan(span, at) : span;
  return span === undefined ? undefined : endedSpan(span, at);
};

function changedKey(
  key: KeyTurns | undefined,
  [before, after]: readonly [KeyRecord, KeyRecord],
  at: Moment,
): KeyTurns {
  const { everywhere, retired, signs = never, distrusted = never } = key ?? {};
  const grown = (known: Moment, is: number | undefined): Moment =>
    known.size === 0 && is !== undefined ? at : known;
  return {
    ...defined({
      everywhere: changedSpan(everywhere, [before.everywhereSince, after.everywhereSince], at),
      retired: changedSpan(retired, [before.retiredAt, after.retiredAt], at),
    }),
    signs: grown(signs, after.signsSince),
    distrusted: grown(distrusted, after.distrustedAt),
  };
}

function changedKeys(
  keys: ServerRecord["keys"],
  before: RotationRecord,
  after: RotationRecord,
  at: Moment,
): ServerRecord["keys"] {
  const kids = new Set([...keys.keys(), ...after.keys.map(({ kid }) => kid)]);
  return new Map(
    [...kids].map((kid) => [
      kid,
      changedKey(keys.get(kid), [rememberedOf(before, kid), rememberedOf(after, kid)], at),
    ]),
  );
}

function changedQuiet(
  quiet: ServerRecord["quiet"],
  before: RotationRecord,
  after: RotationRecord,
  at: Moment,
): ServerRecord["quiet"] {
  const changed = new Map(quiet);
  for (const [server, time] of at) {
    const known = quiet.get(server);
    const [was, is] = [before, after].map((record) => record.quiet.find((one) => one.server === server));
    const stands = is !== undefined && was?.since === is.since && was.count === is.count;
    // What could not be read proves nothing: it is counted anew.
    const { count, startedAt } = is ?? known ?? {};
    if (stands || count === undefined || startedAt === undefined) continue;
    const turn: QuietTurn = { turn: (known?.turn ?? 0) + 1, count, startedAt, since: time };
    changed.set(server, turn);
  }
  return changed;
}

/**
 * What the servers are to remember after a record has changed (`before` is what `rotationRecordOf` gave). What begins and what ends
 * is stamped with each server's own time; nothing is removed.
 */
export function recordedChanges(
  record: ServerRecord,
  { before, after }: { readonly before: RotationRecord; readonly after: RotationRecord },
  { times: at }: ServerClocks,
): ServerRecord {
  const { next, promotion } = record;
  const nextTurn =
    after.next === before.next
      ? next
      : after.next === undefined
        ? next && endedSpan(next, at)
        : { ...begunSpan(next, at), kid: after.next };
  const promotionTurn =
    after.before === before.before
      ? promotion
      : after.before === undefined
        ? promotion && endedSpan(promotion, at)
        : { ...begunSpan(promotion, at), kid: after.next ?? "", before: after.before };
  return {
    ...record,
    ...defined({ next: nextTurn, promotion: promotionTurn }),
    keys: changedKeys(record.keys, before, after, at),
    quiet: changedQuiet(record.quiet, before, after, at),
  };
}

/**
 * What holds of a record that an earlier podtrust kept in a Secret of the cluster, where anybody may have written: keys that the
 * machines have themselves, and no time.
 */
export function checkedEarlier(earlier: RotationRecord, servers: readonly ServerKeys[]): RotationRecord {
  const { next, sealed, before, keys } = recordAfterLoss(earlier);
  const isHeld = (kid: string): boolean => servers.some(({ files }) => files.privates.includes(kid));
  const isVerified = (kid: string): boolean => servers.every(({ files }) => files.verify.includes(kid));
  const isNext = next !== undefined && (sealed === undefined ? isHeld(next) : isVerified(next));
  const isBefore = before !== undefined && isHeld(before) && isVerified(before);
  return {
    ...emptyRecord,
    ...(isNext ? defined({ next, sealed }) : {}),
    ...(isBefore ? { before } : {}),
    keys: keys.filter(({ kid }) => isHeld(kid) || servers.some(({ files }) => files.verify.includes(kid))),
  };
}
