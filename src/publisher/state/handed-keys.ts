import { jwkThumbprint, kubernetesKid, type PublicJwk } from "../../rules/keys/index.ts";
import { unknownKey } from "../source/distrust.ts";
import type { KeyRing, KnownKey } from "../source/keys.ts";
import { weigh } from "../source/said.ts";

/** What vouches for keys that a file has, which anyone could have written. */
export interface Vouchers {
  /** Keys that the cluster or the issuer's name shows now. */
  readonly shown: readonly PublicJwk[];
  /** IDs by which a person hands over keys: those that Kubernetes gives, which are made from the key itself. */
  readonly ids: readonly string[];
  /**
   * The file is signed by a key that the config names: keys that were last seen after this time are vouched for, in milliseconds since
   * the epoch. What was last seen before is worth nothing to a pod any more, and an old file is good for whoever stole a key of it.
   * Absent: nothing of it is.
   */
  readonly signedSince?: number;
}

/** A key that nothing vouches for. */
export interface LeftKey {
  readonly kid: string;
  /** By which a person hands it over. */
  readonly id: string;
}

/** The keys of a file, and what became of them. */
interface HandedKeys {
  readonly ring: KeyRing;
  readonly left: readonly LeftKey[];
  /** Distrusts that would leave none of the keys that are shown now: they are not taken. */
  readonly withheld: readonly string[];
}

const nameOf = (jwk: PublicJwk): string => `${jwk.kid} ${jwkThumbprint(jwk)}`;

/**
 * A key of a file: it counts as gone from when it was last seen until the cluster shows it. So a key that the cluster has
 * dropped since is not published for longer than its tokens live. A file cannot lift a distrust, nor say for how long a
 * key is known or which one signs: it may be old, or come from anyone.
 */
function asOfThen({ takenBack: _never, signed: _unproven, ...key }: KnownKey, now: number): KnownKey {
  const absentSince = Math.min(key.absentSince ?? key.lastSeen, now);
  const firstSeen = key.distrustedAt === undefined ? now : Math.min(key.firstSeen, now);
  return { ...key, firstSeen, lastSeen: Math.min(key.lastSeen, now), absentSince };
}

/**
 * What is taken of a file: its distrusts, and the keys that are shown, that `known` has or that a person handed over by
 * their ID. Throws `publisher-key-unknown` for an ID that none of its keys has.
 */
export function handedKeys(
  file: KeyRing,
  known: KeyRing,
  { shown, ids, signedSince = Infinity }: Vouchers,
  now: number,
): HandedKeys {
  const all = file.map(({ jwk }) => kubernetesKid(jwk));
  for (const id of ids) if (!all.includes(id)) throw unknownKey(id, all);
  const names = new Set([...shown, ...known.map(({ jwk }) => jwk)].map(nameOf));
  const isVouched = ({ jwk, absentSince, lastSeen }: KnownKey): boolean =>
    names.has(nameOf(jwk)) || ids.includes(kubernetesKid(jwk)) || (absentSince ?? lastSeen) > signedSince;
  const current = shown.map((jwk): KnownKey => ({ jwk, firstSeen: now, lastSeen: now }));
  const distrusts = file.filter(({ distrustedAt }) => distrustedAt !== undefined);
  const withheld = weigh(current, distrusts).withheld.map(({ kid }) => kid);
  const taken = file.filter((key) =>
    key.distrustedAt === undefined ? isVouched(key) : !withheld.includes(key.jwk.kid),
  );
  return {
    ring: taken.map((key) => asOfThen(key, now)),
    left: file
      .filter((key) => key.distrustedAt === undefined && !isVouched(key))
      .map(({ jwk }) => ({ kid: jwk.kid, id: kubernetesKid(jwk) })),
    withheld,
  };
}
