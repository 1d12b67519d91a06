import { defined } from "../../core/base/index.ts";
import {
  type RefusedTokens,
  refusedTokens,
  rotationTimeline,
  type RotationInput,
} from "../../rules/oidc/index.ts";
import type { KeyStatus } from "../status.ts";
import { distrustIn, type KeyRing, type KnownKey, signerOf } from "./keys.ts";

/** What the times of an issuer's keys depend on; milliseconds. */
export interface KeyTimes extends Pick<RotationInput, "poll" | "caches"> {
  /** A key that vanished is published for so long, since its tokens may live for as long. */
  readonly keyRetention: number;
}

type KeyMoments = Omit<KeyStatus, "kid" | "alg" | "state" | "shown">;

/** The rotation that brings in this key. */
function rotationTo(key: KnownKey, { keyRetention, ...times }: KeyTimes) {
  const promotedAt = defined({ promotedAt: key.signed?.first });
  return rotationTimeline({ createdAt: key.firstSeen, ...promotedAt, ...times, maxToken: keyRetention });
}

/** Keys that began to sign before every cache had them, although an older one could sign. */
export function promotedEarly(ring: KeyRing, times: KeyTimes): readonly { kid: string; from: number }[] {
  const oldest = Math.min(...ring.map((key) => key.firstSeen));
  return ring
    .filter((key) => key.firstSeen > oldest && key.signed !== undefined)
    .map((key) => ({ kid: key.jwk.kid, timeline: rotationTo(key, times) }))
    .filter(({ timeline }) => timeline.promotedEarly)
    .map(({ kid, timeline }) => ({ kid, from: timeline.maySign.at }));
}

/** The state and the times of each key, for users. */
export function keyStatuses(ring: KeyRing, times: KeyTimes): readonly KeyStatus[] {
  const distrusted = distrustIn(ring);
  const signer = signerOf(ring);
  const successor = ring.find((key) => key.jwk.kid === signer?.kid);
  const current = (key: KnownKey): KeyMoments => {
    const { visible, maySign } = rotationTo(key, times);
    const seen = { firstSeen: key.firstSeen, lastSeen: key.lastSeen, visibleAt: visible.at };
    if (signer !== undefined && signer.kid === key.jwk.kid)
      return { ...seen, signs: { by: signer.by, at: signer.at } };
    // For keys first seen together it is unknown which follows which.
    if (successor === undefined || successor.firstSeen <= key.firstSeen)
      return { ...seen, maySignFrom: maySign.at };
    return { ...seen, mayDistrustFrom: rotationTo(successor, times).mayDistrust.at };
  };
  return ring.map((key): KeyStatus => {
    const { jwk, absentSince } = key;
    const shown = absentSince === undefined;
    const named = { kid: jwk.kid, alg: jwk.alg, shown };
    const gone = shown ? {} : { absentSince };
    const distrustedAt = distrusted(jwk);
    if (distrustedAt !== undefined) {
      const { mayDistrustFrom: _over, maySignFrom: _never, ...moments } = current(key);
      return { ...named, ...moments, ...gone, state: "distrusted", distrustedAt };
    }
    if (shown) return { ...named, ...current(key), state: "current" };
    const { visibleAt, firstSeen, lastSeen } = current(key);
    const retainedUntil = absentSince + times.keyRetention;
    return { ...named, firstSeen, lastSeen, visibleAt, absentSince, state: "retained", retainedUntil };
  });
}

/** The tokens that relying parties refuse because a key is distrusted, by what is known of the signing key. */
export function refusedBy(
  ring: KeyRing,
  key: KnownKey,
  now: number,
  { keyRetention }: Pick<KeyTimes, "keyRetention">,
): RefusedTokens {
  if (key.absentSince !== undefined) return refusedTokens("no", key.absentSince, keyRetention);
  const signer = signerOf(ring);
  if (signer === undefined) return refusedTokens("perhaps", now, keyRetention);
  if (signer.kid === key.jwk.kid) return refusedTokens("yes", now, keyRetention);
  const successor = ring.find((one) => one.jwk.kid === signer.kid);
  const isNewer = successor !== undefined && successor.firstSeen < key.firstSeen;
  if (key.signed === undefined && isNewer) return { signs: "no" };
  // The newest token seen is from the other key; until that was seen to sign, this one may have.
  return refusedTokens("no", successor?.signed?.first ?? now, keyRetention);
}
