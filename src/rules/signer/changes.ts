import { defined, PodtrustError } from "../../core/base/index.ts";
import { currentOf, keyOf, maxRingKeys, nextOf, type Ring, type RingKey } from "./ring.ts";

/** A key that joins a ring: what is known of it from its bytes. */
export type NewKey = Pick<RingKey, "kid" | "alg" | "publicKey" | "holder">;

function refused(message: string, next?: string): PodtrustError {
  return new PodtrustError("signer-key-refused", message, defined({ next }));
}

function known(ring: Ring, kid: string): RingKey {
  const key = keyOf(ring, kid);
  if (key !== undefined) return key;
  throw new PodtrustError("signer-key-unknown", `the signer has no key ${kid}`, { detail: { kid } });
}

const withKey = (ring: Ring, changed: RingKey, now: number): Ring => ({
  keys: ring.keys.map((key) => (key.kid === changed.kid ? changed : key)),
  changedAt: now,
});

/** The state in which a key joins: the first signs, a later one is next, and one without its private half verifies. */
function stateOfNew(ring: Ring, key: NewKey): RingKey["state"] {
  if (key.holder === undefined) {
    if (currentOf(ring) !== undefined) return "previous";
    throw refused(
      "a key that only verifies cannot be a signer's first",
      "Import the key that the API servers sign with first.",
    );
  }
  const next = nextOf(ring);
  if (next !== undefined)
    throw refused(
      `there is a next key already: ${next.kid}`,
      "Promote it, or remove it if it is not wanted any more.",
    );
  return currentOf(ring) === undefined ? "current" : "next";
}

/** A ring with one key more. Throws `signer-key-refused`. `now` in milliseconds since the epoch. */
export function addKey(ring: Ring, key: NewKey, now: number): Ring {
  if (keyOf(ring, key.kid) !== undefined) throw refused(`the signer has the key ${key.kid} already`);
  if (ring.keys.length >= maxRingKeys)
    throw refused(`the signer has ${maxRingKeys} keys, the most there may be`, "Remove old ones first.");
  const added: RingKey = { ...key, state: stateOfNew(ring, key), excluded: false, since: now };
  return { keys: [...ring.keys, added], changedAt: now };
}

/** The key that `promote` is about: the one named, else the next. Throws `signer-key-unknown`, `signer-key-refused`. */
export function promotable(ring: Ring, kid?: string): RingKey {
  const key = kid === undefined ? nextOf(ring) : known(ring, kid);
  if (key === undefined)
    throw refused("there is no next key", "Make one, and have it served: podtrust signer create");
  if (key.state === "current") throw refused(`the key ${key.kid} signs already`);
  if (key.holder === undefined)
    throw refused(`the key ${key.kid} only verifies: the signer does not have its private half`);
  if (key.excluded)
    throw refused(
      `the key ${key.kid} is left out of discovery, so relying parties would refuse its tokens`,
      `Have it published first: podtrust signer include ${key.kid}`,
    );
  return key;
}

/**
 * Has a key sign, the next or a previous one again; the one that signed verifies from then on. Whether every API server
 * serves it already is the caller's question. Throws what `promotable` does.
 */
export function promote(ring: Ring, kid: string, now: number): Ring {
  const chosen = promotable(ring, kid);
  const keys = ring.keys.map((key): RingKey => {
    if (key.kid === chosen.kid) return { ...key, state: "current", since: now };
    if (key.state !== "current") return key;
    return { ...key, state: "previous", since: now, publishedSince: key.publishedSince ?? key.since };
  });
  return { keys, changedAt: now };
}

/**
 * Takes a previous key out of discovery, or puts it back. Throws `signer-key-unknown`, and `signer-key-refused` for a
 * key that signs or will: relying parties would refuse its tokens.
 */
export function exclude(ring: Ring, kid: string, excluded: boolean, now: number): Ring {
  const key = known(ring, kid);
  if (excluded && key.state !== "previous")
    throw refused(`the key ${kid} is ${key.state}: relying parties have to see it`);
  // What was left out has to come to every relying party anew.
  const { publishedSince: _, ...unseen } = key;
  return withKey(ring, { ...(excluded ? unseen : key), excluded }, now);
}

/** Remembers that what is published shows a key, if nobody has seen it before. Throws `signer-key-unknown`. */
export function seenPublished(ring: Ring, kid: string, now: number): Ring {
  const key = known(ring, kid);
  return key.publishedSince === undefined ? withKey(ring, { ...key, publishedSince: now }, now) : ring;
}

/** Takes a key out. Throws `signer-key-unknown`, and `signer-key-refused` for the one that signs. */
export function remove(ring: Ring, kid: string, now: number): Ring {
  const { state } = known(ring, kid);
  if (state === "current")
    throw refused(`the key ${kid} signs`, "Promote another first: podtrust signer promote KID");
  return { keys: ring.keys.filter((key) => key.kid !== kid), changedAt: now };
}
