import { mostKeysOfType, type PublicJwk } from "../../oidc/index.ts";
import type { KeyStatus } from "../status.ts";

/** A key as the publisher remembers it; times in milliseconds since the epoch. */
export interface KnownKey {
  readonly jwk: PublicJwk;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** When a good answer of the cluster first lacked it. */
  readonly absentSince?: number;
  readonly distrustedAt?: number;
}

/** All that is known of an issuer's keys, each kid once. */
export type KeyRing = readonly KnownKey[];

export interface KeyEvent {
  readonly type: "key-appeared" | "key-vanished" | "key-returned" | "key-replaced" | "key-dropped";
  readonly kid: string;
}

/** The keys that are published: everything known and not distrusted. */
export function publishedKeys(ring: KeyRing): readonly PublicJwk[] {
  return ring.filter((key) => key.distrustedAt === undefined).map((key) => key.jwk);
}

const material = (jwk: PublicJwk): string => JSON.stringify([jwk.kty, jwk.n, jwk.e, jwk.crv, jwk.x, jwk.y]);

function seen(known: KnownKey | undefined, jwk: PublicJwk, now: number): KnownKey {
  if (known === undefined) return { jwk, firstSeen: now, lastSeen: now };
  const { absentSince: _present, ...rest } = known;
  return { ...rest, jwk, lastSeen: now };
}

function missed(known: KnownKey, now: number): KnownKey {
  // A clock that was set back must not make a key older than it is.
  const absentSince = Math.min(known.absentSince ?? now, now);
  return { ...known, lastSeen: Math.min(known.lastSeen, now), absentSince };
}

function sighting(known: KnownKey | undefined, jwk: PublicJwk): KeyEvent["type"] | undefined {
  if (known === undefined) return "key-appeared";
  if (material(known.jwk) !== material(jwk)) return "key-replaced";
  return known.absentSince === undefined ? undefined : "key-returned";
}

/** Whether a key is remembered: what an operator distrusted for good, what vanished for `retention`. */
function remembered(key: KnownKey, now: number, retention: number): boolean {
  if (key.distrustedAt !== undefined || key.absentSince === undefined) return true;
  return now - key.absentSince < retention;
}

/** Relying parties refuse a set with too many keys of a type: those that are gone longest make room. */
function surplus(ring: KeyRing): ReadonlySet<KnownKey> {
  const published = ring.filter((key) => key.distrustedAt === undefined);
  return new Set(
    ["RSA", "EC"].flatMap((kty) => {
      const ofType = published.filter((key) => key.jwk.kty === kty);
      const gone = ofType.filter((key) => key.absentSince !== undefined);
      gone.sort((a, b) => (a.absentSince ?? 0) - (b.absentSince ?? 0));
      return gone.slice(0, Math.max(0, ofType.length - mostKeysOfType));
    }),
  );
}

/**
 * What is known after the cluster showed `observed` at `now`. A key that it shows is current; one that it no
 * longer shows stays for `retention` from the first answer without it: until then it may have signed, and of
 * several API servers in the middle of a rotation one shows it and the other does not.
 */
export function observeKeys(
  ring: KeyRing,
  observed: readonly PublicJwk[],
  now: number,
  retention: number,
): { readonly ring: KeyRing; readonly events: readonly KeyEvent[] } {
  const known = new Map(ring.map((key) => [key.jwk.kid, key]));
  const shown = new Map(observed.map((jwk) => [jwk.kid, jwk]));
  const events: KeyEvent[] = [];
  const next: KnownKey[] = [];
  for (const [kid, jwk] of shown) {
    const type = sighting(known.get(kid), jwk);
    if (type !== undefined) events.push({ type, kid });
    next.push(seen(known.get(kid), jwk, now));
  }
  for (const [kid, key] of known) {
    if (shown.has(kid)) continue;
    if (key.absentSince === undefined) events.push({ type: "key-vanished", kid });
    next.push(missed(key, now));
  }
  const tooMany = surplus(next);
  const kept = next.filter((key) => remembered(key, now, retention) && !tooMany.has(key));
  for (const key of next) {
    if (!kept.includes(key)) events.push({ type: "key-dropped", kid: key.jwk.kid });
  }
  kept.sort((a, b) => (a.jwk.kid < b.jwk.kid ? -1 : 1));
  return { ring: kept, events };
}

/** The times that a person wants to know of each key. */
export function keyStatuses(ring: KeyRing, times: { retention: number; cache: number }): KeyStatus[] {
  return ring.map((key) => {
    const common = {
      kid: key.jwk.kid,
      alg: key.jwk.alg,
      firstSeen: key.firstSeen,
      lastSeen: key.lastSeen,
      promotableAt: key.firstSeen + times.cache,
      ...(key.absentSince === undefined ? {} : { absentSince: key.absentSince }),
    };
    if (key.distrustedAt !== undefined)
      return { ...common, state: "distrusted", distrustedAt: key.distrustedAt };
    if (key.absentSince === undefined) return { ...common, state: "current" };
    return { ...common, state: "retained", retainedUntil: key.absentSince + times.retention };
  });
}
