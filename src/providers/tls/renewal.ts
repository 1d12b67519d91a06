import { defined } from "../../core/base/index.ts";
import type { StoredRenewal } from "./store.ts";

const day = 24 * 3_600_000;

/** The facts that a renewal depends on. Times in milliseconds since the epoch. */
export interface RenewalFacts {
  readonly now: number;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly renewal?: StoredRenewal | undefined;
}

/** Why a certificate is to be replaced when it is. */
export type RenewalReason =
  /** It has expired. */
  | "expired"
  /** Less than 1/50 of its life is left. */
  | "emergency"
  /** The CA's renewal information says so. */
  | "ari"
  /** The CA would have us wait until less than 1/20 of the life is left: we do not. */
  | "ari-too-late"
  /** A third of its life is left; half where it lives less than ten days. */
  | "life-left";

export interface RenewalDecision {
  /** When; not after `now` means at once. */
  readonly at: number;
  readonly reason: RenewalReason;
}

/**
 * When to replace a certificate, and why then: the first of these rules that applies. ARI comes before the
 * share of life, since the CA knows of revocations and of its own load, and never decides alone: a fault of its
 * answer, of the store or of ours must not let a certificate expire.
 */
export function decideRenewal(facts: RenewalFacts): RenewalDecision {
  const { now, notBefore, notAfter, renewal } = facts;
  const life = Math.max(0, notAfter - notBefore);
  const left = notAfter - now;
  if (left <= 0) return { at: notAfter, reason: "expired" };
  if (left <= life / 50) return { at: notAfter - life / 50, reason: "emergency" };
  if (renewal === undefined) {
    const share = life < 10 * day ? 1 / 2 : 1 / 3;
    return { at: notAfter - life * share, reason: "life-left" };
  }
  const latest = notAfter - life / 20;
  return renewal.selected <= latest
    ? { at: renewal.selected, reason: "ari" }
    : { at: latest, reason: "ari-too-late" };
}

/** A moment in the window that the CA suggests (RFC 9773 §4.2), kept for as long as the window stays the same. */
export function selectRenewal(
  info: {
    readonly start: number;
    readonly end: number;
    readonly explanationUrl: string | undefined;
    readonly retryAfter: number;
  },
  before: StoredRenewal | undefined,
  draw: { readonly now: number; readonly random: () => number },
): StoredRenewal {
  const { start, end, explanationUrl } = info;
  const same = before !== undefined && before.start === start && before.end === end;
  return {
    start,
    end,
    selected: same ? before.selected : Math.floor(start + draw.random() * (end - start)),
    checkAt: draw.now + info.retryAfter,
    ...defined({ explanationUrl }),
  };
}
