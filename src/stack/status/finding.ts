import type { ErrorCode, Link } from "../../core/base/index.ts";
import { type Outcome, type Reason, reasons } from "../../core/reasons/index.ts";

/** One finding about a link. */
export interface Finding {
  /** A stable word of docs/reference/reasons.md, which also gives the outcome. */
  readonly reason: Reason;
  readonly outcome: Outcome;
  /** What was seen, with its values. */
  readonly seen: string;
  /** The source of the statement. */
  readonly from: string;
  /** How old it is, if it has an age or an end. */
  readonly fresh?: string;
  /** What to do about it. */
  readonly next?: string;
  readonly code?: ErrorCode;
}

/**
 * Makes a finding. `next` is the reason's own step by default, if no better one follows from what was seen; a merely
 * unseen link has none by default.
 */
export function finding(reason: Reason, facts: Omit<Finding, "reason" | "outcome">): Finding {
  const { outcome, next }: { readonly outcome: Outcome; readonly next?: string } = reasons[reason];
  return { reason, outcome, ...(next === undefined || outcome === "unseen" ? {} : { next }), ...facts };
}

/** A link that was not read because of another one, which says what to do. */
export function skipped(needs: Link, from: string): Finding {
  const reason = "Skipped" satisfies Reason;
  return { reason, outcome: reasons[reason].outcome, seen: `skipped: needs ${needs}`, from };
}

/** One link of the chain. */
export interface LinkReport {
  readonly name: Link;
  /** The worst of its findings. */
  readonly outcome: Outcome;
  readonly findings: readonly Finding[];
  /** RFC 3339: when it had been read. */
  readonly at: string;
}

/** The whole chain: the one object of `podtrust status --json`. */
export interface StatusReport {
  readonly stack: string;
  readonly issuer: string;
  readonly at: string;
  readonly links: readonly LinkReport[];
  /** The first broken link, which usually explains those after it. */
  readonly broken?: {
    readonly name: Link;
    readonly reason: Reason;
    readonly seen: string;
    readonly next: string;
  };
}

const severity: readonly Outcome[] = ["ok", "unseen", "warning", "broken"];

/** The worst of some findings; `unseen` if there are none. */
export function worstOf(findings: readonly Finding[]): Outcome {
  const ranks = findings.map(({ outcome }) => severity.indexOf(outcome));
  return severity[Math.max(...ranks)] ?? "unseen";
}

/** The first broken link of some, with what to do. */
export function firstBroken(links: readonly LinkReport[]): StatusReport["broken"] {
  const link = links.find(({ outcome }) => outcome === "broken");
  const found = link?.findings.find(({ outcome }) => outcome === "broken");
  if (link === undefined || found === undefined) return undefined;
  const { reason, seen, next = "" } = found;
  return { name: link.name, reason, seen, next };
}
