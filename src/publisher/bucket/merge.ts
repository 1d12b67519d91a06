import { maxKeysOfType } from "../../rules/oidc/index.ts";
import { type PublicJwk } from "../../rules/keys/index.ts";
import { signingYet } from "../source/distrust.ts";
import type { KeyRing } from "../source/keys.ts";
import { keyTag, kidTag, type Mark, type Marks, markTime, type StackMarks } from "./marks.ts";

/** What a target holds. */
export interface PublishedKeys {
  readonly keys: readonly PublicJwk[];
  readonly marks: Marks;
}

/** What one publisher knows of its cluster. */
export interface OwnKeys {
  readonly stack: string;
  readonly ring: KeyRing;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Milliseconds. */
  readonly keyRetention: number;
  /** Whether the cluster's last answer was good: only then do missing keys count as gone. */
  readonly confirmed: boolean;
}

export interface Merged {
  readonly keys: readonly PublicJwk[];
  readonly marks: Marks;
  /** Sentences about keys that are distrusted and that the cluster signs with, or may. */
  readonly warnings: readonly string[];
}

/** A key of ours and its mark. */
interface MarkedKey {
  readonly jwk: PublicJwk;
  readonly mark: Mark;
}

const isDistrusted = ({ distrustedAt }: Mark): boolean => distrustedAt !== undefined;

/** A key's two names: that of its kid, and its own, which is the same under any kid. */
const tagsOf = (jwk: PublicJwk): readonly string[] => [kidTag(jwk.kid), keyTag(jwk)];

/** The distrusts of the stack's publishers, without those that this one took back. */
function saidDistrusted(said: StackMarks, ring: KeyRing): StackMarks {
  const takenBack = new Set(
    ring.flatMap(({ jwk, takenBack: at }) =>
      at === undefined ? [] : tagsOf(jwk).map((tag) => `${tag} ${markTime(at)}`),
    ),
  );
  return new Map(
    // Another publisher's distrust of another time stands: only that publisher can take it back.
    [...said].filter(
      ([tag, mark]) => isDistrusted(mark) && !takenBack.has(`${tag} ${markTime(mark.distrustedAt ?? 0)}`),
    ),
  );
}

/** Whether any stack distrusts a key or its kid: all stacks of an issuer share one verdict. */
function distrustedBy(others: Marks, own: StackMarks): (jwk: PublicJwk) => boolean {
  const tags = new Set(
    [...others.values(), own].flatMap((of) =>
      [...of].filter(([, mark]) => isDistrusted(mark)).map(([tag]) => tag),
    ),
  );
  return (jwk) => tags.size > 0 && tagsOf(jwk).some((tag) => tags.has(tag));
}

/** Marks of other stacks, and the tags that they hold: a key that is gone for longer than keys are kept holds none. */
function foreign(
  marks: Marks,
  { stack, now, keyRetention }: OwnKeys,
): { readonly marks: Marks; readonly tags: ReadonlySet<string> } {
  const others = new Map([...marks].filter(([name]) => name !== stack));
  const isHeld = ({ absentSince = now }: Mark): boolean => now - absentSince < keyRetention;
  const tags = [...others.values()].flatMap((of) =>
    [...of].filter(([, mark]) => isHeld(mark)).map(([tag]) => tag),
  );
  return { marks: others, tags: new Set(tags) };
}

function absence(own: OwnKeys, said: Mark | undefined, since: number | undefined): Mark {
  // Another publisher of the stack may still see the key: it counts as gone when none does any more.
  if (said?.absentSince === undefined) return own.confirmed ? { absentSince: own.now } : {};
  return { absentSince: Math.max(said.absentSince, since ?? 0) };
}

function ownHeld(standing: PublishedKeys, own: OwnKeys): Map<string, MarkedKey> {
  const said: StackMarks = standing.marks.get(own.stack) ?? new Map<string, Mark>();
  const held = new Map<string, MarkedKey>();
  for (const jwk of standing.keys) {
    const tag = kidTag(jwk.kid);
    // Keys without a mark no publisher put there.
    if (said.has(tag)) held.set(tag, { jwk, mark: absence(own, said.get(tag), undefined) });
  }
  for (const { jwk, absentSince } of own.ring) {
    const tag = kidTag(jwk.kid);
    if (absentSince === undefined) held.set(tag, { jwk, mark: {} });
    else if (held.has(tag)) held.set(tag, { jwk, mark: absence(own, said.get(tag), absentSince) });
    // It is no longer in the target: only our own count is left, and one that has run out restores nothing.
    else if (own.now - absentSince < own.keyRetention) held.set(tag, { jwk, mark: { absentSince } });
  }
  return held;
}

function isOver({ absentSince }: Mark, { now, keyRetention, confirmed }: OwnKeys): boolean {
  return confirmed && absentSince !== undefined && now - absentSince >= keyRetention;
}

/** Tags of keys to drop if there are more of a type than relying parties accept: gone longest first. */
function surplus(keys: readonly PublicJwk[], held: ReadonlyMap<string, MarkedKey>): ReadonlySet<string> {
  return new Set(
    ["RSA", "EC"].flatMap((kty) => {
      const ofType = keys.filter((key) => key.kty === kty).map((key) => kidTag(key.kid));
      const since = (tag: string): number | undefined => held.get(tag)?.mark.absentSince;
      const gone = ofType.filter((tag) => since(tag) !== undefined);
      gone.sort((a, b) => (since(a) ?? 0) - (since(b) ?? 0));
      return gone.slice(0, Math.max(0, ofType.length - maxKeysOfType));
    }),
  );
}

/** What this stack's publishers distrust, including this one. */
function tombstones(standing: PublishedKeys, { stack, ring }: OwnKeys): StackMarks {
  const said = saidDistrusted(standing.marks.get(stack) ?? new Map<string, Mark>(), ring);
  const known = ring.flatMap(({ jwk, distrustedAt }) =>
    distrustedAt === undefined ? [] : tagsOf(jwk).map((tag): [string, Mark] => [tag, { distrustedAt }]),
  );
  return new Map([...known, ...said]);
}

/**
 * The desired content of a target, by the rules of observeKeys, for publishers that do not know each other: each stack
 * manages its own keys, by their marks, and a key that has none goes; a key that its cluster no longer shows stays for the retention, counted from when the stack's
 * publishers agree on that; a key that any publisher distrusts is removed.
 */
export function mergePublication(standing: PublishedKeys, own: OwnKeys): Merged {
  const others = foreign(standing.marks, own);
  const dead = tombstones(standing, own);
  const isOut = distrustedBy(others.marks, dead);
  const held = ownHeld(standing, own);
  for (const [tag, { jwk, mark }] of held) if (isOut(jwk) || isOver(mark, own)) held.delete(tag);
  const keys = new Map([...held].map(([tag, { jwk }]) => [tag, jwk]));
  for (const jwk of standing.keys) {
    const tag = kidTag(jwk.kid);
    if (others.tags.has(tag) && !isOut(jwk) && !keys.has(tag)) keys.set(tag, jwk);
  }
  for (const tag of surplus([...keys.values()], held)) {
    keys.delete(tag);
    held.delete(tag);
  }
  const mine = new Map([...held].map(([tag, { mark }]): [string, Mark] => [tag, mark]));
  for (const [tag, mark] of dead) mine.set(tag, mark);
  const sorted = new Map([...mine].sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    keys: [...keys.values()].sort((a, b) => (a.kid < b.kid ? -1 : 1)),
    marks: new Map([...others.marks, [own.stack, sorted]]),
    warnings: signingYet(own.ring, isOut),
  };
}
