import { defined, mapped, PodtrustError, recordOf } from "../../core/base/index.ts";
import { parseJwkSet, type PublicJwk } from "../../rules/keys/index.ts";
import type { KeyRing, KnownKey } from "./keys.ts";
import { emptyState, type SourceState } from "./state.ts";

/** What was found in a document store. */
export interface Restored {
  readonly state: SourceState;
  /** Distrusts that were found where others may write too. */
  readonly said?: KeyRing;
  /** It was not written by a replica, in a sentence: forged, or there is no key to tell by. */
  readonly unproven?: { readonly isForged: boolean; readonly why: string };
  /** What is wrong with it, in a sentence. */
  readonly warning?: string;
  /** Nothing is kept there. */
  readonly empty?: true;
  /** Why earlier distrusts could not be read, in a sentence: a key that the cluster shows may be one of them. */
  readonly unread?: string;
  /** The keys are known from before, but their state is lost: a sentence. */
  readonly notice?: string;
}

interface StoredKey extends Omit<KnownKey, "jwk"> {
  readonly jwk: unknown;
}

interface StoredState {
  readonly format: 1;
  readonly issuer: string;
  readonly confirmedAt?: number;
  readonly changedAt?: number;
  readonly keys: readonly StoredKey[];
}

/**
 * Of what nothing proves no more keys than this are read: whoever may write it could have each look take seconds, since the
 * numbers of an RSA key are tried for two milliseconds.
 */
export const maxSaidKeys = 200;

// The last moment that a Date can hold (ECMA-262 §21.4.1.1): a later one could not be shown.
const maxTime = 8.64e15;

function isTime(value: unknown): boolean {
  return value === undefined || (typeof value === "number" && Math.abs(value) <= maxTime);
}

function hasTimes(key: StoredKey): boolean {
  const { firstSeen, lastSeen, absentSince, distrustedAt, takenBack } = key;
  const signed = recordOf(key.signed);
  const all = [firstSeen, lastSeen, absentSince, distrustedAt, takenBack, signed["first"], signed["last"]];
  return all.every(isTime) && firstSeen !== undefined && lastSeen !== undefined;
}

/** A stored key is judged as the cluster's are, and individually: more may be distrusted than may be published. */
function readKey(stored: StoredKey): readonly KnownKey[] {
  const jwk = readJwk(stored.jwk);
  if (!hasTimes(stored)) throw new TypeError("a key is damaged");
  if (jwk === undefined) return [];
  const { firstSeen, lastSeen, absentSince, signed, distrustedAt, takenBack } = stored;
  return [
    {
      jwk,
      firstSeen,
      lastSeen,
      ...defined({
        absentSince,
        signed: mapped(signed, (times) => ({ first: times.first, last: times.last })),
        distrustedAt,
        takenBack,
      }),
    },
  ];
}

/** Undefined for a key that AWS is meanwhile known to reject. */
function readJwk(stored: unknown): PublicJwk | undefined {
  try {
    return parseJwkSet(JSON.stringify({ keys: [stored] })).keys[0];
  } catch (thrown) {
    if (thrown instanceof PodtrustError && Array.isArray(thrown.detail["leftOut"])) return undefined;
    throw thrown;
  }
}

/** Reads what `stateText` wrote, for `issuer`. Throws for what is damaged, and for more than `most` keys. */
export function readState(
  text: string,
  issuer: string,
  from: "disk" | "replicas",
  most = Infinity,
): Restored {
  const stored = JSON.parse(text) as StoredState;
  if (stored.format !== 1) throw new TypeError(`format ${String(stored.format)} is unknown`);
  if (stored.keys.length > most) throw new TypeError(`it has more than ${most} keys`);
  const ring = stored.keys.flatMap(readKey);
  if (new Set(ring.map(({ jwk }) => jwk.kid)).size < ring.length) throw new TypeError("a kid is there twice");
  if (stored.issuer !== issuer) {
    const distrusted = ring.filter((key) => key.distrustedAt !== undefined);
    const place = from === "disk" ? "the disk holds" : "the replicas share";
    const warning = `What ${place} is of the issuer ${stored.issuer}, not of ${issuer}; only its distrusted keys are kept.`;
    return { state: { ...emptyState, ring: distrusted }, warning };
  }
  const { confirmedAt, changedAt } = stored;
  if (!isTime(confirmedAt) || !isTime(changedAt)) throw new TypeError("its times are damaged");
  return {
    state: {
      ...emptyState,
      from,
      ring,
      ...defined({ confirmedAt, changedAt }),
    },
  };
}

/**
 * The part of a ring that has to outlive the machine: its distrusts, and nothing that would publish a key or lift a
 * distrust. Without the times of sightings, so that only an operator's request changes it.
 */
export function distrustsOf(ring: KeyRing): KeyRing {
  return ring.flatMap(({ jwk, distrustedAt: at }): readonly KnownKey[] =>
    at === undefined ? [] : [{ jwk, firstSeen: at, lastSeen: at, distrustedAt: at }],
  );
}

/** The part of a state that is kept. */
export function stateText(state: SourceState, issuer: string): string {
  const stored: StoredState = {
    format: 1,
    issuer,
    ...defined({ confirmedAt: state.confirmedAt, changedAt: state.changedAt }),
    keys: state.ring,
  };
  return `${JSON.stringify(stored, undefined, 1)}\n`;
}
