import { defined, isoTime, type Link, links, mapped } from "../../core/base/index.ts";
import { type Outcome, type Reason, reasons } from "../../core/reasons/index.ts";

/**
 * What a look came to, worst first. `incident`: the provider's own, and `propagating`: a change that spreads. Of both time
 * alone is the cure.
 */
export type Verdict = "broken" | "incident" | "propagating" | "warning" | "unseen" | "holds";

/** One cause that was found. */
export interface DoctorFinding {
  readonly link: Link;
  /** A stable word; docs/reference/causes/ has a page for each that is a cause. */
  readonly reason: Reason;
  /** `PT104`; absent for a reason that `status` gives as well and that is no cause of its own. */
  readonly number?: string;
  readonly verdict: Exclude<Verdict, "holds">;
  /** The proof: what was seen, with its values. */
  readonly seen: string;
  /** The fix, as a command or a sentence. */
  readonly next: string;
}

/** A link, or a cause, of which it is known that it is not to blame, and why. */
export interface Excluded {
  readonly link: Link;
  /** A single cause that is excluded; absent where the whole link holds. */
  readonly cause?: Reason;
  readonly seen: string;
}

/** What was found, of an issuer as of a stack. */
export interface Diagnosis {
  readonly issuer: string;
  /** RFC 3339. */
  readonly at: string;
  readonly verdict: Verdict;
  /** The first broken link, with its cause. */
  readonly broken?: DoctorFinding;
  /** In the order of the chain. */
  readonly findings: readonly DoctorFinding[];
  readonly excluded: readonly Excluded[];
  /** Links of which nothing could be seen from here. */
  readonly unseen: readonly Link[];
}

interface Entry {
  readonly outcome: Outcome;
  readonly links: readonly Link[];
  readonly next?: string;
  readonly number?: number;
  readonly verdict?: "propagating" | "incident";
}

function verdictOf({ outcome, verdict }: Entry): DoctorFinding["verdict"] {
  if (verdict !== undefined) return verdict;
  return outcome === "ok" ? "unseen" : outcome;
}

export interface FindingFacts {
  readonly seen: string;
  /** In place of the reason's own fix. */
  readonly next?: string;
  /** In place of the first link of the reason. */
  readonly link?: Link;
}

export function finding(reason: Reason, { seen, next, link }: FindingFacts): DoctorFinding {
  const entry: Entry = reasons[reason];
  const [first = "cluster"] = entry.links;
  return {
    link: link !== undefined && entry.links.includes(link) ? link : first,
    reason,
    ...defined({ number: mapped(entry.number, (number) => `PT${String(number).padStart(3, "0")}`) }),
    verdict: verdictOf(entry),
    seen,
    next: next ?? entry.next ?? "",
  };
}

const severity: readonly Verdict[] = ["holds", "unseen", "warning", "propagating", "incident", "broken"];

/** The worst of some findings; `NotSeenFromOutside` is of every look, and says nothing. */
export function worstOf(findings: readonly DoctorFinding[]): Verdict {
  const reported = findings.filter(({ reason }) => reason !== "NotSeenFromOutside");
  return severity.findLast((one) => reported.some(({ verdict }) => verdict === one)) ?? "holds";
}

/** In the order of the chain, worst first within a link, each reason of a link once. */
export function ordered(findings: readonly DoctorFinding[]): readonly DoctorFinding[] {
  const unique = new Map<string, DoctorFinding>();
  for (const one of findings) {
    const key = `${one.link} ${one.reason}`;
    if (!unique.has(key)) unique.set(key, one);
  }
  const rank = ({ verdict }: DoctorFinding): number => -severity.indexOf(verdict);
  return [...unique.values()].sort(
    (a, b) => links.indexOf(a.link) - links.indexOf(b.link) || rank(a) - rank(b),
  );
}

/** What a report says of its findings: how bad it is, and what is broken first. */
export function diagnosisOf(
  { issuer, now }: { readonly issuer: string; readonly now: number },
  findings: readonly DoctorFinding[],
): Omit<Diagnosis, "excluded" | "unseen"> {
  const broken = findings.find(({ verdict }) => verdict === "broken");
  return { issuer, at: isoTime(now), verdict: worstOf(findings), ...defined({ broken }), findings };
}
