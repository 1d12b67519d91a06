import { type Link, links } from "../../core/base/index.ts";
import { judgeIssuer } from "../../issuer/index.ts";
import {
  federatedParties,
  partyProblems,
  type RelyingPartyName,
  relyingParties,
} from "../../rules/oidc/index.ts";
import type { DoctorFacts } from "../facts.ts";
import { excludedLinks } from "./excluded.ts";
import { type Diagnosis, diagnosisOf, type DoctorFinding, finding, ordered } from "./finding.ts";
import { withoutFollowing } from "./follows.ts";
import { isHeldUp, lateDocuments, lookDelayed, sameReasons, withoutTimes } from "./delayed-look.ts";
import type { Judged } from "./judged.ts";
import { judges } from "./judges.ts";
import { standingReading, timesOf } from "./samples.ts";

/** What a relying party other than the one that is judged takes of the documents. */
export interface PartyReport {
  readonly name: RelyingPartyName;
  readonly title: string;
  /** Empty where it takes both documents. */
  readonly problems: readonly string[];
  /** What was not judged of it. */
  readonly notJudged: string;
}

/** The one object of `podtrust doctor --json`. */
export interface DoctorReport extends Diagnosis {
  /** The stack whose config was given; absent for an issuer's URL. */
  readonly stack?: string;
  /** How long the slowest document took at first and later, in milliseconds; absent where none was asked. */
  readonly times?: { readonly cold: number; readonly warm: number };
  readonly relyingParties: readonly PartyReport[];
}

/** What an issuer's URL does not show; the token only where none was given. */
function unseenLinks({ token }: DoctorFacts): readonly Link[] {
  const shown: ReadonlySet<Link> = new Set(["discovery", "jwks", "dns", "tls", "reachability"]);
  return links.filter((link) => !shown.has(link) && !(link === "token" && token !== undefined));
}

function partyReports({ issuer, judgement }: Judged): readonly PartyReport[] {
  const keys = judgement.jwks?.keys;
  if (keys === undefined) return [];
  // Parties that fetch from where doctor runs, too.
  const outside = federatedParties.filter((name) => relyingParties[name].fetchesPublicly);
  return outside.map((name) => ({
    name,
    title: relyingParties[name].title,
    problems: partyProblems(name, { issuer, keys }),
    notJudged: `a token is judged by podtrust explain --for ${name}`,
  }));
}

/** What is judged, and what is found of it. */
interface JudgedFindings {
  readonly judged: Judged;
  readonly found: readonly DoctorFinding[];
}

function foundIn(judged: Judged): JudgedFindings {
  return { judged, found: ordered(withoutFollowing(judges.issuer.flatMap((judge) => judge(judged)))) };
}

/** What is found where the program that looked was held up: nothing of what only times say, and that it is so. */
function heldUp(facts: DoctorFacts, plain: JudgedFindings, lateMs: number): JudgedFindings {
  const seen = withoutTimes(facts);
  const late = lateDocuments(seen);
  const { findings, ...judgement } = judgeIssuer(seen.reading);
  const quiet = foundIn({
    ...seen,
    judgement: { ...judgement, findings: findings.filter(({ document }) => !late.has(document)) },
  });
  if (sameReasons(quiet.found, plain.found)) return plain;
  return { ...quiet, found: ordered([...quiet.found, lookDelayed(lateMs)]) };
}

/** What the facts mean. Pure: the same facts always mean the same. */
export function judgeIssuerFacts(seen: DoctorFacts): DoctorReport {
  const facts = { ...seen, reading: standingReading(seen) };
  const judgement = judgeIssuer(facts.reading);
  // What is slow is judged as though nothing had been held up, to know whether times have a say at all.
  const { lateMs = 0, ...unmeasured } = facts;
  const plain = foundIn({ ...unmeasured, judgement });
  const { judged, found } = isHeldUp(facts) ? heldUp(facts, plain, lateMs) : plain;
  const unseen = unseenLinks(facts);
  const outside = unseen
    .slice(0, 1)
    .map((link) => finding("NotSeenFromOutside", { seen: unseen.join(", "), link }));
  return {
    ...diagnosisOf(facts, [...found, ...outside]),
    excluded: excludedLinks(judged, found),
    unseen,
    times: timesOf(judged),
    relyingParties: partyReports(judged),
  };
}
