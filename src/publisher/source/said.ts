import { jwkThumbprint } from "../../rules/keys/index.ts";
import { distrustIn, type KeyRing, type KnownKey, publishedKeys, shownKeys, signerOf } from "./keys.ts";

/** A distrust that is not followed, since it was only said where others may write, and what it would cost. */
export interface WithheldDistrust {
  readonly kid: string;
  /** `last`: no key, or none that the cluster shows, would be left. `signs`: the cluster is seen to sign with it. */
  readonly reason: "last" | "signs";
}

interface Weighed {
  /** The same ring if nothing was taken. */
  readonly ring: KeyRing;
  /** Key IDs that are distrusted now. */
  readonly taken: readonly string[];
  readonly withheld: readonly WithheldDistrust[];
}

/** The published keys that a said distrust is about: the key itself under any kid, and any key under its kid. */
function hitBy(ring: KeyRing, said: KnownKey): readonly KnownKey[] {
  const print = jwkThumbprint(said.jwk);
  const out = distrustIn(ring);
  return ring.filter(
    ({ jwk, takenBack }) =>
      (jwk.kid === said.jwk.kid || jwkThumbprint(jwk) === print) &&
      out(jwk) === undefined &&
      // A person took back that very distrust.
      takenBack !== said.distrustedAt,
  );
}

function costOf(
  before: KeyRing,
  after: KeyRing,
  hit: readonly KnownKey[],
): WithheldDistrust["reason"] | undefined {
  const out = distrustIn(after);
  const shown = shownKeys(after);
  const isOutage = shown.length > 0 && shown.every(({ jwk }) => out(jwk) !== undefined);
  if (publishedKeys(after).length === 0 || isOutage) return "last";
  const signer = signerOf(before)?.kid;
  return hit.some(({ jwk }) => jwk.kid === signer) ? "signs" : undefined;
}

/**
 * The ring with what was only said to be distrusted, where others than this publisher may write: it takes keys away, but
 * not the last one and not the one that is seen to sign. What hits no key here stays only said.
 */
export function weigh(ring: KeyRing, said: KeyRing): Weighed {
  let next = ring;
  const taken: string[] = [];
  const withheld: WithheldDistrust[] = [];
  for (const one of said) {
    const hit = hitBy(next, one);
    if (hit.length === 0) continue;
    const after = next.map((key): KnownKey => {
      if (!hit.includes(key)) return key;
      const { takenBack: _before, ...rest } = key;
      return { ...rest, distrustedAt: one.distrustedAt ?? key.lastSeen };
    });
    const reason = costOf(next, after, hit);
    const kids = hit.map(({ jwk }) => jwk.kid);
    if (reason === undefined) {
      next = after;
      taken.push(...kids);
    } else withheld.push(...kids.map((kid) => ({ kid, reason })));
  }
  return { ring: next, taken, withheld };
}

const costs: Readonly<Record<WithheldDistrust["reason"], string>> = {
  last: "it would leave none that the cluster shows",
  signs: "the cluster is seen to sign with it",
};

/** What a person is told of one. */
export function withheldText({ kid, reason }: WithheldDistrust): string {
  return `Somebody who may write the Secret of distrusts has key ${kid} distrusted there, and it is published on: ${costs[reason]}. If it is to go, ask the publisher itself: podtrust rotate distrust ${kid} --force. If not, find out who writes that Secret.`;
}
