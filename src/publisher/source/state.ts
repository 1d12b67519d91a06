import { defined, isoTime } from "../../core/base/index.ts";
import type { SentCredential } from "../../providers/kubernetes/index.ts";
import type { PublicJwk } from "../../rules/keys/index.ts";
import type { Blind, Failing, FormerIssuer, PublicationRefusal } from "../status.ts";
import { credentialWarnings } from "./credential.ts";
import { distrustKey, distrustListed, handOver, restoreKey, signingYet } from "./distrust.ts";
import { formerAt } from "./former.ts";
import { isBlind, type Observation } from "./judge.ts";
import { type KeyTimes, promotedEarly } from "./key-status.ts";
import {
  distrustIn,
  fromCopy,
  type KeyEvent,
  type KeyRing,
  noteSigned,
  observeKeys,
  publishedKeys,
} from "./keys.ts";
import { weigh, type WithheldDistrust } from "./said.ts";

/** All that the publisher knows of an issuer. Times in milliseconds since the epoch. */
export interface SourceState {
  readonly ring: KeyRing;
  /** When the state was last confirmed. */
  readonly from: "cluster" | "disk" | "replicas";
  /** The last good answer of the cluster; absent before the first. */
  readonly confirmedAt?: number;
  /** When the published keys last changed. */
  readonly changedAt?: number;
  /** Consecutive refusals, for any reasons. */
  readonly failing?: Failing;
  /** Since when the cluster gave no answer that can be judged at all, and why. */
  readonly blind?: Blind;
  /** When the refusals were last logged. */
  readonly saidAt?: number;
  /** The issuer that the cluster's tokens name in place of this one, by its last good answer. */
  readonly formerIssuer?: FormerIssuer;
  /** The credential that the cluster was last asked with. */
  readonly credential?: SentCredential;
  readonly warnings: readonly string[];
  /** Distrusts that were said where others may write; what of them is followed stands in the ring. */
  readonly said?: KeyRing;
  /** Those that are not followed. */
  readonly withheld?: readonly WithheldDistrust[];
}

export type SourceEvent =
  | KeyEvent
  | { readonly type: "refused"; readonly failing: Failing }
  | { readonly type: "blind"; readonly blind: Blind; readonly count: number }
  | { readonly type: "recovered"; readonly failing: Failing; readonly now: number }
  | { readonly type: "warned"; readonly warning: string }
  /** The cluster's tokens name this issuer, and no longer that one. */
  | { readonly type: "issuer-changed"; readonly former: string }
  | { readonly type: "key-distrusted" | "key-restored" | "key-handed-over"; readonly kid: string }
  | ({ readonly type: "distrust-withheld" } & WithheldDistrust);

export interface SourceStep {
  readonly state: SourceState;
  readonly events: readonly SourceEvent[];
  /** Whether the keys to publish have changed. */
  readonly changed: boolean;
}

export const emptyState: SourceState = { ring: [], from: "cluster", warnings: [] };

/** Refusals are logged when they begin, when the reason changes, and then this often. */
const logAgainMs = 300_000;

function allDistrusted(keys: readonly { readonly kid: string }[]): PublicationRefusal {
  const names = keys.map(({ kid }) => kid).join(", ");
  return {
    reason: "jwks-empty",
    message: `every key that the cluster shows is distrusted (${names}): nothing would be left to publish`,
    next: `Give the cluster a new signing key, or take the distrust back: podtrust rotate restore ${keys[0]?.kid ?? "KID"}. Until then AWS refuses every token that it signs.`,
  };
}

/** Since when this refusal leaves the publisher blind; undefined if there was an answer that must not be published. */
function blindBy(state: SourceState, refusal: PublicationRefusal, now: number): Blind | undefined {
  return isBlind(refusal.reason) ? { ...refusal, since: state.blind?.since ?? now } : undefined;
}

function refuse(state: SourceState, refusal: PublicationRefusal, now: number): SourceStep {
  const { failing: before, blind: _before, saidAt, ...rest } = state;
  const failing = { ...refusal, since: before?.since ?? now, count: (before?.count ?? 0) + 1 };
  const blind = blindBy(state, refusal, now);
  const next = { ...rest, failing, ...defined({ blind }) };
  if (before?.reason === refusal.reason && saidAt !== undefined && now - saidAt < logAgainMs)
    return { state: { ...next, saidAt }, events: [], changed: false };
  const event: SourceEvent =
    blind === undefined ? { type: "refused", failing } : { type: "blind", blind, count: failing.count };
  return { state: { ...next, saidAt: now }, events: [event], changed: false };
}

/** Whether a key of a ring, or any other under its kid, is distrusted. */
const isOut = (ring: KeyRing): ((jwk: PublicJwk) => boolean) => {
  const distrusted = distrustIn(ring);
  return (jwk) => distrusted(jwk) !== undefined;
};

const kids = (ring: KeyRing): string => JSON.stringify(publishedKeys(ring));

function earlyWarnings(ring: KeyRing, times: KeyTimes, now: number): readonly string[] {
  return promotedEarly(ring, times)
    .filter(({ from }) => now < from)
    .map(
      ({ kid, from }) =>
        `Key ${kid} signs already, before every cache has it (${isoTime(from)}): until then some of its tokens may be refused.`,
    );
}

/** What a good answer resets. */
function overEvents(
  { failing, formerIssuer: before }: SourceState,
  formerIssuer: FormerIssuer | undefined,
  now: number,
): readonly SourceEvent[] {
  const recovered = failing === undefined ? [] : [{ type: "recovered", failing, now } as const];
  if (before === undefined || formerIssuer !== undefined) return recovered;
  return [...recovered, { type: "issuer-changed", former: before.issuer }];
}

type Heard = Pick<SourceState, "ring" | "said" | "withheld">;

/** What was said of keys, weighed against a ring; events tell what is new. */
function weighedIn(ring: KeyRing, { said = [], withheld: before = [] }: Heard) {
  const { ring: next, taken, withheld } = weigh(ring, said);
  const fresh = withheld.filter(
    (one) => !before.some(({ kid, reason }) => kid === one.kid && reason === one.reason),
  );
  return {
    ring: next,
    heard: said.length === 0 ? {} : { said, withheld },
    events: [
      ...taken.map((kid) => ({ type: "key-distrusted", kid }) as const),
      ...fresh.map((one) => ({ type: "distrust-withheld", ...one }) as const),
    ],
  };
}

/** The state after it was said, where others may write, which keys are distrusted. */
export function hear(state: SourceState, said: KeyRing, now: number): SourceStep {
  const { said: _before, withheld, ...rest } = state;
  const weighed = weighedIn(state.ring, { ring: state.ring, said, ...defined({ withheld }) });
  const changed = weighed.ring !== state.ring;
  return {
    state: { ...rest, ...weighed.heard, ring: weighed.ring, ...(changed ? { changedAt: now } : {}) },
    events: weighed.events,
    changed,
  };
}

/** The state after the cluster's answer at `now`; a refused one changes nothing that is published. */
export function observe(
  state: SourceState,
  observation: Observation,
  now: number,
  times: KeyTimes,
): SourceStep {
  const { credential } = observation;
  const asked = credential === undefined ? state : { ...state, credential };
  if (!observation.ok) return refuse(asked, observation.refusal, now);
  const distrusted = distrustIn(state.ring);
  if (observation.keys.every((key) => distrusted(key) !== undefined))
    return refuse(asked, allDistrusted(observation.keys), now);
  const known = state.from === "cluster" ? state.ring : fromCopy(state.ring, observation.keys);
  const observed = observeKeys(known, observation.keys, now, times.keyRetention);
  const weighed = weighedIn(noteSigned(observed.ring, credential?.kid, credential?.issuedAt), state);
  const { ring } = weighed;
  const warnings = [
    ...observation.warnings,
    ...credentialWarnings(credential, now),
    ...signingYet(ring, isOut(ring)),
    ...earlyWarnings(ring, times, now),
  ];
  const changed = state.changedAt === undefined || kids(ring) !== kids(state.ring);
  const changedAt = changed ? now : (state.changedAt ?? now);
  const fresh = warnings.filter((warning) => !state.warnings.includes(warning));
  const formerIssuer = formerAt(state.formerIssuer, observation.formerIssuer, now);
  return {
    state: {
      ring,
      from: "cluster",
      confirmedAt: now,
      changedAt,
      warnings,
      ...weighed.heard,
      ...defined({ formerIssuer, credential: asked.credential }),
    },
    events: [
      ...overEvents(state, formerIssuer, now),
      ...observed.events,
      ...weighed.events,
      ...fresh.map((warning) => ({ type: "warned", warning }) as const),
    ],
    changed,
  };
}

/** Distrusts a key; throws what distrustKey throws. */
export function distrust(
  state: SourceState,
  kid: string,
  how: { readonly now: number; readonly force: boolean },
): SourceStep {
  const ring = distrustKey(state.ring, kid, how);
  if (ring === state.ring) return { state, events: [], changed: false };
  return {
    state: { ...state, ring, changedAt: how.now },
    events: [{ type: "key-distrusted", kid }],
    changed: true,
  };
}

/** Distrusts the keys that the config lists, among known ones and those of the cluster's answer. */
export function distrustByConfig(
  state: SourceState,
  shown: readonly PublicJwk[],
  listed: readonly string[],
  now: number,
): SourceStep {
  const ring = distrustListed(state.ring, shown, listed, now);
  if (ring === state.ring) return { state, events: [], changed: false };
  const before = distrustIn(state.ring);
  const fresh = ring.filter(({ jwk, distrustedAt }) => distrustedAt === now && before(jwk) === undefined);
  return {
    state: { ...state, ring, changedAt: now },
    events: fresh.map(({ jwk: { kid } }) => ({ type: "key-distrusted", kid }) as const),
    changed: true,
  };
}

/** Publishes a key that a person handed over by its ID; throws what `handOver` of the ring throws. */
export function handedOver(state: SourceState, jwk: PublicJwk, now: number): SourceStep {
  const ring = handOver(state.ring, jwk, now);
  if (ring === state.ring) return { state, events: [], changed: false };
  const isNew = !publishedKeys(state.ring).some(({ kid }) => kid === jwk.kid);
  return {
    state: { ...state, ring, changedAt: now },
    events: isNew ? [{ type: "key-handed-over", kid: jwk.kid }] : [],
    changed: isNew,
  };
}

/** Takes that back; throws `publisher-key-unknown`. */
export function restore(
  state: SourceState,
  kid: string,
  how: { readonly now: number; readonly keyRetention: number },
): SourceStep {
  const ring = restoreKey(state.ring, kid, how);
  if (ring === state.ring) return { state, events: [], changed: false };
  return {
    state: { ...state, ring, changedAt: how.now },
    events: [{ type: "key-restored", kid }],
    changed: true,
  };
}
