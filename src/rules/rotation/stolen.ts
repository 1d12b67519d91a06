import { durationText } from "../../core/base/index.ts";
import { forgottenAt } from "../oidc/index.ts";
import { isOutside, mayHold, type PodTokens, renewedWithinMs, type TokenRules } from "../tokens/index.ts";
import type { LegacyToken, RotationFacts } from "./facts.ts";
import { keyAcross, type RotationState } from "./key-states.ts";
import { judgePromote } from "./moves.ts";
import { isSealed, rememberedOf } from "./record.ts";
import { keysInDatastore } from "./stored-keys.ts";

/** A pod whose token may be of the stolen key. */
export interface HitPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** When its kubelet has renewed that token at the latest, counted from the last that the key signed. */
  readonly renewedBy: number;
}

/** What can be done about a stolen key. */
export type TheftAnswer =
  /** The next key signs everywhere, then the stolen one is distrusted: no renewed token is refused. */
  | { readonly way: "promote"; readonly kid: string }
  /** The next key is too young: waiting leaves the thief in, not waiting gets tokens refused. */
  | { readonly way: "wait-or-lose"; readonly kid: string; readonly from: number }
  /**
   * No next key, or the cluster is not ready for it: making one takes its waits, distrusting now refuses every token.
   */
  | { readonly way: "no-next"; readonly why: string; readonly next: string }
  /** podtrust changes no key of these API servers, and a person does. */
  | { readonly way: "by-hand"; readonly why: string; readonly next: string }
  /** The stolen key is the next one: it is given up, and no pod is hit. */
  | { readonly way: "give-up" }
  /** The stolen key no longer signs: it is distrusted. */
  | { readonly way: "distrust" };

/** What a theft means: all of it is said before anything is done. Times are milliseconds since the epoch. */
export interface Theft {
  readonly kid: string;
  readonly state: RotationState;
  readonly answer: TheftAnswer;
  /** Pods whose tokens relying parties refuse once the key is distrusted, until they are renewed. */
  readonly pods: readonly HitPod[];
  /** Tokens in Secrets that API servers refuse once they do not verify the key. */
  readonly legacy: readonly LegacyToken[];
  /** Until when relying parties that keep to Cache-Control accept tokens that the thief makes, if it is distrusted now. */
  readonly cachesUntil: number;
  /** Until when any relying party does. */
  readonly relyingPartiesUntil: number;
  /** Until when a session lasts that the thief begins at that last moment. */
  readonly sessionsUntil: number;
  /** API servers that accept tokens of the thief's for as long as they verify the key. */
  readonly verifiedBy: readonly string[];
}

/** What is known of tokens and sessions, beside the facts of a rotation. */
export interface TheftFacts {
  readonly pods: readonly PodTokens[];
  readonly rules: TokenRules;
  /** The longest session of the roles in question, milliseconds. */
  readonly sessionMs: number;
}

/** AWS's longest session of a role, milliseconds (CreateRole, MaxSessionDuration). */
export const maxSessionMs = 43_200_000;

/** When a key signed last, what the API servers make of a pod's spec, and the time; milliseconds since the epoch. */
export interface KeyUse {
  readonly last: number;
  readonly rules: TokenRules;
  readonly now: number;
}

/** Pods whose tokens relying parties refuse once a key is not published any more, until they are renewed. */
export function hitPods(pods: readonly PodTokens[], { last, rules, now }: KeyUse): readonly HitPod[] {
  return pods.flatMap((pod) => {
    const { namespace, name, uid, tokens } = pod;
    // What began after the key's last signature got its tokens of another.
    if (!mayHold(pod, last, now)) return [];
    const outside = tokens.filter((token) => isOutside(token, rules));
    const renewedBy = Math.max(...outside.map((token) => last + renewedWithinMs(token, rules)));
    return renewedBy > now ? [{ namespace, name, uid, renewedBy }] : [];
  });
}

function answerTo(facts: RotationFacts, kid: string, state: RotationState): TheftAnswer {
  const { next: prepared = "" } = facts.record;
  const stored = kid === prepared || state === "current" ? keysInDatastore(facts) : undefined;
  if (stored !== undefined) return { way: "by-hand", why: stored.message, next: stored.next };
  if (kid === prepared) return { way: "give-up" };
  if (state !== "current") return { way: "distrust" };
  const verdict = judgePromote(facts, true);
  if (prepared !== "" && !isSealed(facts.record, prepared)) {
    return {
      way: "no-next",
      why: `${prepared} lay unencrypted where ${kid} lay: who has one may have both`,
      next: "Run podtrust rotate abort, then podtrust rotate prepare --recipient for a key that lies on no machine.",
    };
  }
  if (verdict.is === "allowed") return { way: "promote", kid: prepared };
  if (verdict.is === "done")
    return { way: "no-next", why: verdict.why, next: "Run podtrust rotate prepare." };
  const { message, next, from } = verdict;
  return from === undefined
    ? { way: "no-next", why: message, next }
    : { way: "wait-or-lose", kid: prepared, from };
}

function hitBy(facts: RotationFacts, kid: string, { pods, rules }: TheftFacts): readonly HitPod[] {
  const { now, record } = facts;
  const { state } = keyAcross(facts, kid);
  if (state === "next" || state === "out") return [];
  const last = state === "current" ? now : (rememberedOf(record, kid).retiredAt ?? now);
  return hitPods(pods, { last, rules, now });
}

/** What the theft of a key means now, and what can be done. */
export function judgeTheft(facts: RotationFacts, kid: string, more: TheftFacts): Theft {
  const { now, times, servers } = facts;
  const { state } = keyAcross(facts, kid);
  const caches = { publisher: times.publisherCache, relyingParty: times.relyingPartyCache };
  const { visible, all } = forgottenAt(now, caches);
  return {
    kid,
    state,
    answer: answerTo(facts, kid, state),
    pods: hitBy(facts, kid, more),
    legacy: facts.legacy.filter((token) => token.kid === kid),
    cachesUntil: visible,
    relyingPartiesUntil: all,
    sessionsUntil: all + more.sessionMs,
    verifiedBy: servers.filter(({ verifies }) => verifies.includes(kid)).map(({ name }) => name),
  };
}

/** The same in sentences, for a person who is asked. `time`: how a moment is written. */
export function theftText(theft: Theft, time: (ms: number) => string, now: number): readonly string[] {
  const { kid, state, pods, legacy, cachesUntil, relyingPartiesUntil, sessionsUntil, verifiedBy } = theft;
  const lines = [
    `${kid} is ${state}.`,
    `Once it is distrusted, relying parties that keep to Cache-Control accept what the thief signs until ${time(cachesUntil)}, any until ${time(relyingPartiesUntil)}.`,
    `A session that is begun then lasts until ${time(sessionsUntil)}.`,
  ];
  if (verifiedBy.length > 0)
    lines.push(`The API servers ${verifiedBy.join(", ")} accept its tokens for as long as they verify it.`);
  const hit = pods.map(
    ({ namespace, name, renewedBy }) =>
      `${namespace}/${name} is refused by relying parties until its token is renewed: by ${time(renewedBy)} (${durationText(Math.ceil((renewedBy - now) / 1000) * 1000)}), or at once if it is evicted.`,
  );
  const ended = legacy.map(
    ({ namespace, name, serviceAccount }) =>
      `The token in Secret ${namespace}/${name} of ServiceAccount ${serviceAccount} ends with the key in the API servers.`,
  );
  return [...lines, ...(hit.length === 0 ? ["No pod is refused."] : hit), ...ended];
}
