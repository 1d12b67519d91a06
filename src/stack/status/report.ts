import { asPodtrustError, type ErrorCode, type Link, type PodtrustError } from "../../base/index.ts";

/** `unseen`: could not be looked at, for a reason that is told; nothing is known to be wrong with it. */
export type Outcome = "ok" | "warning" | "broken" | "unseen";

/** One thing that was looked at. */
export interface Finding {
  readonly outcome: Outcome;
  /** What was seen, with its values. */
  readonly seen: string;
  /** Who said so. */
  readonly from: string;
  /** How old it is, where it has an age or an end. */
  readonly fresh?: string;
  /** What to do about it. */
  readonly next?: string;
  readonly code?: ErrorCode;
}

/** One link of the chain. */
export interface LinkReport {
  readonly name: Link;
  /** The worst of its findings. */
  readonly outcome: Outcome;
  readonly findings: readonly Finding[];
  /** RFC 3339: when it had been looked at. */
  readonly at: string;
}

/** The whole chain: the one object of `podtrust status --json`. */
export interface StatusReport {
  readonly stack: string;
  readonly issuer: string;
  readonly at: string;
  readonly links: readonly LinkReport[];
  /** The first broken link, which explains what comes after it more often than not. */
  readonly broken?: { readonly name: Link; readonly seen: string; readonly next: string };
}

/** A look that something else stands in the way of: it is told there and not here. */
export class BehindError extends Error {
  readonly link: Link;

  constructor(link: Link, cause: unknown) {
    super(`not seen: it is behind ${link}`, { cause });
    this.link = link;
  }
}

/** What went wrong, as a finding. */
function brokenBy(error: PodtrustError, from: string): Finding {
  return { outcome: "broken", seen: error.message, from, next: error.next, code: error.code };
}

/** Anything that a look threw. */
export function findingOf(thrown: unknown, from: string): Finding {
  if (thrown instanceof BehindError) return { outcome: "unseen", seen: thrown.message, from };
  const error = asPodtrustError(thrown);
  // A right that is missing here says nothing about the chain.
  if (error.code === "cluster-forbidden") {
    return { outcome: "unseen", seen: error.message, from, next: error.next, code: error.code };
  }
  return brokenBy(error, from);
}

const severity: readonly Outcome[] = ["ok", "unseen", "warning", "broken"];

/** The worst of some findings; nothing to look at is `unseen`. */
export function worstOf(findings: readonly Finding[]): Outcome {
  const ranks = findings.map(({ outcome }) => severity.indexOf(outcome));
  return severity[Math.max(...ranks)] ?? "unseen";
}

/** The first broken link of some, with what to do. */
export function firstBroken(links: readonly LinkReport[]): StatusReport["broken"] {
  const link = links.find(({ outcome }) => outcome === "broken");
  const finding = link?.findings.find(({ outcome }) => outcome === "broken");
  if (link === undefined || finding === undefined) return undefined;
  return { name: link.name, seen: finding.seen, next: finding.next ?? "Look at what was seen." };
}
