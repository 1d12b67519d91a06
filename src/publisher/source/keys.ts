import { maxKeysOfType } from "../../rules/oidc/index.ts";
import { jwkThumbprint, type PublicJwk } from "../../rules/keys/index.ts";

/** A key as the publisher remembers it; times in milliseconds since the epoch. */
export interface KnownKey {
  readonly jwk: PublicJwk;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** When a good answer of the cluster first lacked it. */
  readonly absentSince?: number;
  /** When the oldest and the newest token known to be signed by it were issued. */
  readonly signed?: { readonly first: number; readonly last: number };
  readonly distrustedAt?: number;
  /** Its distrust of that time was taken back. */
  readonly takenBack?: number;
}

/** All that is known of an issuer's keys, each kid once. */
export type KeyRing = readonly KnownKey[];

export interface KeyEvent {
  readonly type:
    | "key-appeared"
    | "key-vanished"
    | "key-returned"
    | "key-replaced"
    | "key-dropped"
    /** The cluster shows a distrusted key, or another key under a distrusted kid: neither is published. */
    | "distrusted-key-shown"
    | "distrusted-key-vanished";
  readonly kid: string;
}

/**
 * When a key was distrusted: by the key itself (RFC 7638) under any kid, then by its kid for any key. Undefined if it
 * is not.
 */
export function distrustIn(ring: KeyRing): (jwk: PublicJwk) => number | undefined {
  const at = new Map<string, number>();
  for (const { jwk, distrustedAt } of ring) {
    if (distrustedAt === undefined) continue;
    at.set(`key ${jwkThumbprint(jwk)}`, distrustedAt);
    at.set(`kid ${jwk.kid}`, distrustedAt);
  }
  if (at.size === 0) return () => undefined;
  return (jwk) => at.get(`key ${jwkThumbprint(jwk)}`) ?? at.get(`kid ${jwk.kid}`);
}

/** The published keys: everything known and not distrusted. */
export function publishedKeys(ring: KeyRing): readonly PublicJwk[] {
  const distrusted = distrustIn(ring);
  return ring.filter(({ jwk }) => distrusted(jwk) === undefined).map(({ jwk }) => jwk);
}

/** The keys of the cluster's last good answer, including distrusted ones. */
export function shownKeys(ring: KeyRing): KeyRing {
  return ring.filter((key) => key.absentSince === undefined);
}

const sameKey = (a: PublicJwk, b: PublicJwk): boolean => jwkThumbprint(a) === jwkThumbprint(b);

function seen(known: KnownKey | undefined, jwk: PublicJwk, now: number): KnownKey {
  if (known === undefined) return { jwk, firstSeen: now, lastSeen: now };
  const { absentSince: _present, ...rest } = known;
  // A distrusted key is remembered, whatever the cluster shows under its kid.
  if (known.distrustedAt !== undefined) return { ...rest, lastSeen: now };
  // Another key under the kid is a new key: it has signed nothing yet, and caches do not have it.
  if (!sameKey(known.jwk, jwk)) return { jwk, firstSeen: now, lastSeen: now };
  return { ...rest, jwk, lastSeen: now };
}

function missed(known: KnownKey, now: number): KnownKey {
  // A clock that was set back must not make a key older than it is.
  const absentSince = Math.min(known.absentSince ?? now, now);
  return { ...known, lastSeen: Math.min(known.lastSeen, now), absentSince };
}

/** The state of a key that the cluster shows; `out`: it is distrusted. */
function appearance(known: KnownKey | undefined, jwk: PublicJwk, out: boolean): KeyEvent["type"] | undefined {
  const fresh = known === undefined || known.absentSince !== undefined;
  if (out) return fresh ? "distrusted-key-shown" : undefined;
  if (known === undefined) return "key-appeared";
  if (!sameKey(known.jwk, jwk)) return "key-replaced";
  return fresh ? "key-returned" : undefined;
}

/** The state of a key that the cluster does not show. */
function loss({ absentSince }: KnownKey, out: boolean): KeyEvent["type"] | undefined {
  if (absentSince !== undefined) return undefined;
  return out ? "distrusted-key-vanished" : "key-vanished";
}

/** Whether a key is remembered: distrusted ones forever, vanished ones for `keyRetention`. */
function remembered(key: KnownKey, now: number, keyRetention: number): boolean {
  if (key.distrustedAt !== undefined || key.absentSince === undefined) return true;
  return now - key.absentSince < keyRetention;
}

/** Relying parties refuse a set with too many keys of a type: those gone longest make room. */
function surplus(ring: KeyRing): ReadonlySet<KnownKey> {
  const distrusted = distrustIn(ring);
  const published = ring.filter(({ jwk }) => distrusted(jwk) === undefined);
  return new Set(
    ["RSA", "EC"].flatMap((kty) => {
      const ofType = published.filter((key) => key.jwk.kty === kty);
      const gone = ofType.filter((key) => key.absentSince !== undefined);
      gone.sort((a, b) => (a.absentSince ?? 0) - (b.absentSince ?? 0));
      return gone.slice(0, Math.max(0, ofType.length - maxKeysOfType));
    }),
  );
}

/**
 * A ring that was kept somewhere, before the cluster's first answer: keys that this lacks count from when they were last
 * seen, so that an old copy that is put back prolongs nothing.
 */
export function fromCopy(ring: KeyRing, observed: readonly PublicJwk[]): KeyRing {
  const shown = new Set(observed.map(({ kid }) => kid));
  return ring.map((key) =>
    shown.has(key.jwk.kid) ? key : { ...key, absentSince: key.absentSince ?? key.lastSeen },
  );
}

/**
 * The state after the cluster showed `observed` at `now`. A key that it shows is current; one that it no longer shows
 * stays for `keyRetention` from the first answer without it: until then it may have signed, and during a rotation only
 * some of several API servers may show it.
 */
export function observeKeys(
  ring: KeyRing,
  observed: readonly PublicJwk[],
  now: number,
  keyRetention: number,
): { readonly ring: KeyRing; readonly events: readonly KeyEvent[] } {
  const known = new Map(ring.map((key) => [key.jwk.kid, key]));
  const shown = new Map(observed.map((jwk) => [jwk.kid, jwk]));
  const distrusted = distrustIn(ring);
  const isOut = (jwk: PublicJwk): boolean => distrusted(jwk) !== undefined;
  const events: KeyEvent[] = [];
  const report = (type: KeyEvent["type"] | undefined, kid: string): void => {
    if (type !== undefined) events.push({ type, kid });
  };
  const next: KnownKey[] = [];
  for (const [kid, jwk] of shown) {
    report(appearance(known.get(kid), jwk, isOut(jwk)), kid);
    next.push(seen(known.get(kid), jwk, now));
  }
  for (const [kid, key] of known) {
    if (shown.has(kid)) continue;
    report(loss(key, isOut(key.jwk)), kid);
    next.push(missed(key, now));
  }
  const tooMany = surplus(next);
  const kept = next.filter((key) => remembered(key, now, keyRetention) && !tooMany.has(key));
  for (const key of next) {
    if (!kept.includes(key) && !isOut(key.jwk)) report("key-dropped", key.jwk.kid);
  }
  kept.sort((a, b) => (a.jwk.kid < b.jwk.kid ? -1 : 1));
  return { ring: kept, events };
}

/** Records that a key signed a token issued at `at`. */
export function noteSigned(ring: KeyRing, kid: string | undefined, at: number | undefined): KeyRing {
  if (kid === undefined || at === undefined) return ring;
  return ring.map((key) => {
    if (key.jwk.kid !== kid) return key;
    const { first, last } = key.signed ?? { first: at, last: at };
    return { ...key, signed: { first: Math.min(first, at), last: Math.max(last, at) } };
  });
}

/** Evidence of which key the cluster signs with. */
export interface SigningEvidence {
  readonly kid: string;
  /** The cluster shows no other, or the newest token seen is signed by it. */
  readonly by: "only-key" | "token";
  /** When that was so; milliseconds since the epoch. */
  readonly at: number;
}

/** The key that the cluster signs with, if known. */
export function signerOf(ring: KeyRing): SigningEvidence | undefined {
  const [first, second] = shownKeys(ring);
  if (first !== undefined && second === undefined)
    return { kid: first.jwk.kid, by: "only-key", at: first.lastSeen };
  const [newest] = ring
    .filter((key) => key.signed !== undefined)
    .sort((a, b) => (b.signed?.last ?? 0) - (a.signed?.last ?? 0));
  if (newest?.signed === undefined || newest.absentSince !== undefined) return undefined;
  return { kid: newest.jwk.kid, by: "token", at: newest.signed.last };
}
