import { PodtrustError } from "../../base/index.ts";
import type { Failing, Refusal } from "../status.ts";
import type { Observation } from "./judge.ts";
import { type KeyEvent, type KeyRing, observeKeys, publishedKeys } from "./keys.ts";

/** All that the publisher knows of an issuer. Times in milliseconds since the epoch. */
export interface SourceState {
  readonly ring: KeyRing;
  readonly from: "cluster" | "disk";
  /** The last good answer of the cluster; absent before the first. */
  readonly confirmedAt?: number;
  /** When the published keys last changed. */
  readonly changedAt?: number;
  readonly failing?: Failing;
  /** When the row of refusals was last said in the log. */
  readonly saidAt?: number;
  readonly warnings: readonly string[];
}

export type SourceEvent =
  | KeyEvent
  | { readonly type: "refused"; readonly failing: Failing }
  | { readonly type: "recovered"; readonly failing: Failing; readonly now: number }
  | { readonly type: "warned"; readonly warning: string }
  | { readonly type: "key-distrusted"; readonly kid: string };

export interface Step {
  readonly state: SourceState;
  readonly events: readonly SourceEvent[];
  /** Whether other keys are to be published than before. */
  readonly changed: boolean;
}

export const emptyState: SourceState = { ring: [], from: "cluster", warnings: [] };

/** A row of refusals is said at its start, when its reason changes, and then this often. */
const sayAgain = 300_000;

const allDistrusted: Refusal = {
  reason: "jwks-empty",
  message: "every key that the cluster shows is distrusted: nothing would be left to publish",
  next: "Give the cluster a new signing key; until then tokens that it signs are refused.",
};

function refuse(state: SourceState, refusal: Refusal, now: number): Step {
  const before = state.failing;
  const failing = { ...refusal, since: before?.since ?? now, count: (before?.count ?? 0) + 1 };
  const quiet =
    before?.reason === refusal.reason && state.saidAt !== undefined && now - state.saidAt < sayAgain;
  if (quiet) return { state: { ...state, failing }, events: [], changed: false };
  return {
    state: { ...state, failing, saidAt: now },
    events: [{ type: "refused", failing }],
    changed: false,
  };
}

const kids = (ring: KeyRing): string => JSON.stringify(publishedKeys(ring));

function distrustedYetShown(ring: KeyRing): readonly string[] {
  return ring
    .filter((key) => key.distrustedAt !== undefined && key.absentSince === undefined)
    .map(
      (key) =>
        `Key ${key.jwk.kid} is distrusted and the cluster still shows it: tokens that it signs are refused.`,
    );
}

/** What is known after the cluster's answer at `now`; a refused one changes nothing that is published. */
export function observe(state: SourceState, observation: Observation, now: number, retention: number): Step {
  if (!observation.ok) return refuse(state, observation.refusal, now);
  const distrusted = new Set(
    state.ring.filter((key) => key.distrustedAt !== undefined).map((key) => key.jwk.kid),
  );
  if (observation.keys.every((key) => distrusted.has(key.kid))) return refuse(state, allDistrusted, now);
  const { ring, events } = observeKeys(state.ring, observation.keys, now, retention);
  const warnings = [...observation.warnings, ...distrustedYetShown(ring)];
  const changed = state.changedAt === undefined || kids(ring) !== kids(state.ring);
  const changedAt = changed ? now : (state.changedAt ?? now);
  const fresh = warnings.filter((warning) => !state.warnings.includes(warning));
  return {
    state: { ring, from: "cluster", confirmedAt: now, changedAt, warnings },
    events: [
      ...(state.failing === undefined ? [] : [{ type: "recovered", failing: state.failing, now } as const]),
      ...events,
      ...fresh.map((warning) => ({ type: "warned", warning }) as const),
    ],
    changed,
  };
}

function unknownKey(ring: KeyRing, kid: string): PodtrustError {
  const known = ring.map((key) => key.jwk.kid);
  return new PodtrustError(
    "publisher-key-unknown",
    `no key with the kid ${JSON.stringify(kid)} is published`,
    {
      next:
        known.length === 0 ? "Wait until the publisher has seen the cluster." : `Known: ${known.join(", ")}`,
      detail: { kid, known },
    },
  );
}

/**
 * Takes a key out of what is published. Throws `publisher-key-unknown`, and `publisher-last-key` where nothing
 * would remain: relying parties treat an empty set as an outage and may go on with the one they keep.
 */
export function distrust(state: SourceState, kid: string, now: number): Step {
  const key = state.ring.find((known) => known.jwk.kid === kid);
  if (key === undefined) throw unknownKey(state.ring, kid);
  if (key.distrustedAt !== undefined) return { state, events: [], changed: false };
  if (publishedKeys(state.ring).length === 1) {
    throw new PodtrustError(
      "publisher-last-key",
      `${kid} is the only key that is published: without it the JWK Set would be empty`,
      { detail: { kid } },
    );
  }
  const ring = state.ring.map((known) => (known === key ? { ...known, distrustedAt: now } : known));
  return {
    state: { ...state, ring, changedAt: now },
    events: [{ type: "key-distrusted", kid }],
    changed: true,
  };
}
