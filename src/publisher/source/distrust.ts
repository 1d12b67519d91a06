import { PodtrustError, isoTime } from "../../core/base/index.ts";
import { jwkThumbprint, kubernetesKid, type PublicJwk } from "../../rules/keys/index.ts";
import type { PublicationRefusal } from "../status.ts";
import { distrustIn, type KeyRing, type KnownKey, publishedKeys, shownKeys, signerOf } from "./keys.ts";

/** What a cluster loses with a key. */
interface Consequence {
  /** Whether it signs, as far as known. */
  readonly signs: "yes" | "perhaps";
  /** How that is known, and what follows, in sentences. */
  readonly message: string;
}

/** `publisher-key-unknown`, with the known kids, or with the reason why there are none. */
export function unknownKey(
  kid: string,
  known: readonly string[],
  failing?: PublicationRefusal,
): PodtrustError {
  const none = failing === undefined ? "Wait until the publisher has read the cluster." : failing.next;
  const why = known.length === 0 && failing !== undefined ? `: ${failing.message}` : "";
  return new PodtrustError(
    "publisher-key-unknown",
    `no key with the kid ${JSON.stringify(kid)} is known${why}`,
    { next: known.length === 0 ? none : `Known: ${known.join(", ")}`, detail: { kid, known } },
  );
}

function keyOf(ring: KeyRing, kid: string): KnownKey {
  const key = ring.find((known) => known.jwk.kid === kid);
  if (key !== undefined) return key;
  throw unknownKey(
    kid,
    ring.map(({ jwk }) => jwk.kid),
  );
}

/**
 * Sentences about distrusted keys that the cluster signs with, or may. If it only still publishes one as a verifier,
 * that is normal until it drops the key.
 */
export function signingYet(ring: KeyRing, isOut: (jwk: PublicJwk) => boolean): readonly string[] {
  const signer = signerOf(ring);
  return shownKeys(ring)
    .filter(({ jwk }) => isOut(jwk) && (signer?.kid ?? jwk.kid) === jwk.kid)
    .map(({ jwk: { kid } }) =>
      signer === undefined
        ? `Key ${kid} is distrusted and the cluster still shows it: if it signs with it, AWS refuses its tokens.`
        : `Key ${kid} is distrusted and the cluster signs with it: AWS refuses its tokens. Have it sign with another key, or take the distrust back: podtrust rotate restore ${kid}`,
    );
}

/** What the cluster loses if a key is distrusted; undefined if it is known to sign no more. */
function consequenceOf(ring: KeyRing, kid: string): Consequence | undefined {
  const distrusted = distrustIn(ring);
  const print = jwkThumbprint(keyOf(ring, kid).jwk);
  const out = shownKeys(ring).filter(({ jwk }) => jwk.kid === kid || jwkThumbprint(jwk) === print);
  if (out.length === 0) return undefined;
  const left = shownKeys(ring).filter((key) => !out.includes(key) && distrusted(key.jwk) === undefined);
  const refused = "AWS would refuse every token that the cluster gives out";
  if (left.length === 0) {
    const message = `${kid} is the only key of the cluster's that is still trusted: ${refused}.`;
    return { signs: "yes", message };
  }
  const signer = signerOf(ring);
  if (signer === undefined) {
    const others = left.map(({ jwk }) => jwk.kid).join(", ");
    const message = `The cluster shows ${kid} beside ${others}, and which of them it signs with is not known here: if it is this one, ${refused}.`;
    return { signs: "perhaps", message };
  }
  if (!out.some(({ jwk }) => jwk.kid === signer.kid)) return undefined;
  const message = `The cluster signs with ${kid}: the newest token seen here, of ${isoTime(signer.at)}, is signed by it; ${refused}.`;
  return { signs: "yes", message };
}

/**
 * Distrusts a key, under any kid, and its kid. Throws `publisher-key-unknown`, `publisher-last-key` if no key would
 * remain (relying parties treat an empty set as an outage and may keep using their cached one), and, unless `force`,
 * `publisher-key-signs` if the cluster signs with it, or may.
 */
export function distrustKey(
  ring: KeyRing,
  kid: string,
  { now, force }: { readonly now: number; readonly force: boolean },
): KeyRing {
  const key = keyOf(ring, kid);
  if (key.distrustedAt !== undefined) return ring;
  const { takenBack: _before, ...rest } = key;
  const next = ring.map((known) => (known === key ? { ...rest, distrustedAt: now } : known));
  if (publishedKeys(next).length === 0) {
    throw new PodtrustError(
      "publisher-last-key",
      `${kid} is the only key that is published: without it the JWK Set would be empty`,
      { detail: { kid } },
    );
  }
  const consequence = force ? undefined : consequenceOf(ring, kid);
  if (consequence === undefined) return next;
  throw new PodtrustError("publisher-key-signs", consequence.message, {
    next: `Have the cluster sign with another key first. To distrust it anyway: podtrust rotate distrust ${kid} --force; podtrust rotate restore ${kid} takes that back.`,
    detail: { kid, signs: consequence.signs },
  });
}

/** Whether the config's list of key IDs names a key: by its kid, or by the one that Kubernetes gives it. */
export function isListed(listed: readonly string[], jwk: PublicJwk): boolean {
  return listed.length > 0 && (listed.includes(jwk.kid) || listed.includes(kubernetesKid(jwk)));
}

/**
 * Distrusts every key that the config lists, among known keys and those that the cluster shows: even the only one,
 * because a person wrote the list. Returns the same ring if there is none.
 */
export function distrustListed(
  ring: KeyRing,
  shown: readonly PublicJwk[],
  listed: readonly string[],
  now: number,
): KeyRing {
  const known = new Set(ring.map(({ jwk }) => jwk.kid));
  const fresh = shown.filter((jwk) => !known.has(jwk.kid) && isListed(listed, jwk));
  const isNew = (key: KnownKey): boolean => key.distrustedAt === undefined && isListed(listed, key.jwk);
  if (fresh.length === 0 && !ring.some(isNew)) return ring;
  return [
    ...ring.map((key) => {
      if (!isNew(key)) return key;
      const { takenBack: _before, ...rest } = key;
      return { ...rest, distrustedAt: now };
    }),
    ...fresh.map((jwk) => ({ jwk, firstSeen: now, lastSeen: now, distrustedAt: now })),
  ];
}

/**
 * A key that a person hands over by its ID: it is published though the cluster has not shown it, as a key that the cluster dropped
 * now. It stays for as long as such a key, or until the cluster shows it. Throws `publisher-key-distrusted`.
 */
export function handOver(ring: KeyRing, jwk: PublicJwk, now: number): KeyRing {
  if (distrustIn(ring)(jwk) !== undefined) {
    throw new PodtrustError("publisher-key-distrusted", `${jwk.kid} is distrusted`, {
      detail: { kid: jwk.kid },
    });
  }
  const known = ring.find((key) => key.jwk.kid === jwk.kid);
  const handed = known ?? { jwk, firstSeen: now, lastSeen: now };
  // What the cluster shows needs no one's word.
  if (known !== undefined && known.absentSince === undefined) return ring;
  return [...ring.filter((key) => key !== known), { ...handed, jwk, lastSeen: now, absentSince: now }];
}

/**
 * Takes a distrust back, of the key under each of its kids. A key that vanished from the cluster more than `keyRetention`
 * ago is then forgotten. Throws `publisher-key-unknown`.
 */
export function restoreKey(
  ring: KeyRing,
  kid: string,
  { now, keyRetention }: { readonly now: number; readonly keyRetention: number },
): KeyRing {
  const print = jwkThumbprint(keyOf(ring, kid).jwk);
  const meant = ring.filter(({ jwk }) => jwk.kid === kid || jwkThumbprint(jwk) === print);
  if (meant.every((key) => key.distrustedAt === undefined)) return ring;
  return ring.flatMap((key) => {
    const { distrustedAt, ...rest } = key;
    if (distrustedAt === undefined || !meant.includes(key)) return [key];
    const forgotten = key.absentSince !== undefined && now - key.absentSince >= keyRetention;
    return forgotten ? [] : [{ ...rest, takenBack: distrustedAt }];
  });
}
