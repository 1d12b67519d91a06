import { defined } from "../../core/base/index.ts";
import { jwkThumbprint } from "../../rules/keys/index.ts";
import type { KeyRing, KnownKey } from "./keys.ts";
import { publishedKeys } from "./keys.ts";
import type { SourceEvent, SourceState, SourceStep } from "./state.ts";

/** When a key is distrusted by the combined knowledge of two replicas: until that very distrust was taken back. */
function distrustOf(own: KnownKey, theirs: KnownKey): Pick<KnownKey, "distrustedAt" | "takenBack"> {
  const said = [
    ...(own.distrustedAt === undefined || own.distrustedAt === theirs.takenBack ? [] : [own.distrustedAt]),
    ...(theirs.distrustedAt === undefined || theirs.distrustedAt === own.takenBack
      ? []
      : [theirs.distrustedAt]),
  ];
  if (said.length > 0) return { distrustedAt: Math.min(...said) };
  const takenBack = Math.max(own.takenBack ?? -Infinity, theirs.takenBack ?? -Infinity);
  return takenBack === -Infinity ? {} : { takenBack };
}

function signedOf({ signed: own }: KnownKey, { signed: theirs }: KnownKey): Pick<KnownKey, "signed"> {
  if (own === undefined || theirs === undefined) {
    const signed = own ?? theirs;
    return defined({ signed });
  }
  return { signed: { first: Math.min(own.first, theirs.first), last: Math.max(own.last, theirs.last) } };
}

function together(own: KnownKey, theirs: KnownKey): KnownKey {
  if (jwkThumbprint(own.jwk) !== jwkThumbprint(theirs.jwk)) {
    // Another key under the kid: a distrust is remembered, otherwise our own read of the cluster counts.
    return theirs.distrustedAt !== undefined && own.distrustedAt === undefined ? theirs : own;
  }
  const { jwk, absentSince } = own;
  return {
    jwk,
    firstSeen: Math.min(own.firstSeen, theirs.firstSeen),
    lastSeen: Math.max(own.lastSeen, theirs.lastSeen),
    ...defined({ absentSince }),
    ...signedOf(own, theirs),
    ...distrustOf(own, theirs),
  };
}

/** How old a key may be that is not read from the cluster; milliseconds. */
interface CopyAge {
  readonly now: number;
  readonly keyRetention: number;
}

/** A key of a copy, gone since it was last seen there; undefined if that is too long ago. A distrust is never too old. */
function copied(key: KnownKey, { now, keyRetention }: CopyAge): KnownKey | undefined {
  const absentSince = Math.min(key.absentSince ?? key.lastSeen, now);
  const isOver = key.distrustedAt === undefined && now - absentSince >= keyRetention;
  return isOver ? undefined : { ...key, absentSince };
}

/** A state that was kept, without keys that were last seen too long ago. */
export function withoutOld(state: SourceState, how: CopyAge): SourceState {
  return { ...state, ring: state.ring.filter((key) => copied(key, how) !== undefined) };
}

/**
 * The combined knowledge of two replicas about an issuer's keys. Each reads the cluster itself, so whether a key is
 * shown is not shared; an operator's distrust at one holds for all. A key that only `theirs` has counts as gone since
 * they last saw it, so that an old copy of theirs prolongs nothing.
 */
export function mergeRings(own: KeyRing, theirs: KeyRing, how: CopyAge): KeyRing {
  const known = new Map(own.map((key) => [key.jwk.kid, key]));
  for (const key of theirs) {
    const before = known.get(key.jwk.kid);
    const fresh = before === undefined ? copied(key, how) : together(before, key);
    if (fresh !== undefined) known.set(key.jwk.kid, fresh);
  }
  return [...known.values()].sort((a, b) => (a.jwk.kid < b.jwk.kid ? -1 : 1));
}

/** What operators requested at another replica. */
function wordsOf(own: KeyRing, merged: KeyRing): readonly SourceEvent[] {
  const known = new Map(own.map((key) => [key.jwk.kid, key]));
  return merged.flatMap(({ jwk: { kid }, distrustedAt }): readonly SourceEvent[] => {
    const before = known.get(kid)?.distrustedAt;
    if ((before === undefined) === (distrustedAt === undefined)) return [];
    return [{ type: distrustedAt === undefined ? "key-restored" : "key-distrusted", kid }];
  });
}

/** A replica's state after it learned what the others know. */
export function mergeStates(
  own: SourceState,
  theirs: Pick<SourceState, "ring" | "confirmedAt" | "changedAt">,
  how: CopyAge,
): SourceStep {
  const ring = mergeRings(own.ring, theirs.ring, how);
  const changed = JSON.stringify(publishedKeys(ring)) !== JSON.stringify(publishedKeys(own.ring));
  const confirmedAt = own.confirmedAt ?? theirs.confirmedAt;
  const changedAt = changed ? how.now : (own.changedAt ?? theirs.changedAt);
  return {
    state: {
      ...own,
      ring,
      ...(own.ring.length === 0 && ring.length > 0 ? { from: "replicas" as const } : {}),
      ...defined({ confirmedAt, changedAt }),
    },
    events: wordsOf(own.ring, ring),
    changed,
  };
}
