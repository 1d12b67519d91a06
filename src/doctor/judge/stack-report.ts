import { defined, links, mapped } from "../../core/base/index.ts";
import type { Reason } from "../../core/reasons/index.ts";
import { type DoctorFinding, diagnosisOf, type Excluded, finding, ordered } from "./finding.ts";
import { type DoctorReport, judgeIssuerFacts } from "./report.ts";
import { isHeldUp, lookDelayed, sameReasons } from "./delayed-look.ts";
import { judges } from "./judges.ts";
import { saidBetter, withoutFollowing } from "./follows.ts";
import type { ChainFacts, StatusFinding } from "./chain/facts.ts";
import { excludedThumbprints } from "./chain/provider.ts";
import { type JudgedStack, ofIssuer, withoutOdd, withoutRepeated } from "./chain/served.ts";
import { withoutRefused } from "./chain/refusals.ts";

/**
 * Whether `status` was led to a dead address, and saw this there: it reads one. What is wrong with the documents themselves is
 * found at the address that lives.
 */
function isOfDead(found: ReadonlySet<Reason>, { link, outcome, reason }: StatusFinding): boolean {
  return found.has("AddressDead") && outcome === "broken" && ofIssuer.has(link) && !found.has(reason);
}

/** What `status` found that no cause says better. */
function remaining(facts: JudgedStack, causes: readonly DoctorFinding[]): readonly StatusFinding[] {
  const found = new Set(facts.served.map(({ reason }) => reason));
  const reported = facts.status.filter(
    (one) => one.outcome !== "ok" && one.reason !== "Skipped" && !isOfDead(found, one),
  );
  const better = saidBetter(causes);
  const told = reported.filter(({ reason }) => !better.has(reason));
  const left = withoutRepeated(facts, told, causes);
  // What STS refuses because of a link before it is no finding of its own.
  const isBroken = left.some(({ outcome, reason }) => outcome === "broken" && reason !== "StsRefused");
  return isBroken || dependsOnCaller(facts) ? left.filter(({ reason }) => reason !== "StsRefused") : left;
}

/** Whether STS asked where the call came from, and refused this machine: of a workload that says nothing. */
function dependsOnCaller({ status, workloads }: ChainFacts): boolean {
  if (!status.some(({ reason }) => reason === "TrustPolicyUndecided")) return false;
  const refused = workloads.filter(({ exchange }) => exchange?.kind === "refused");
  return refused.every(({ decided }) => typeof decided === "object" && decided.rule === "trust-policy");
}

function asFinding({ reason, seen, next, link }: StatusFinding): DoctorFinding {
  return finding(reason, { seen, link, ...defined({ next }) });
}

/** The links that hold, each with its proof. */
function holding(status: readonly StatusFinding[], findings: readonly DoctorFinding[]): readonly Excluded[] {
  const reported = new Set(findings.map(({ link }) => link));
  return links.flatMap((link) => {
    const own = status.filter((one) => one.link === link && one.reason !== "Skipped");
    if (reported.has(link) || own.length === 0 || own.some(({ outcome }) => outcome !== "ok")) return [];
    return own.map(({ seen }) => ({ link, seen }));
  });
}

function foundIn(facts: JudgedStack): readonly DoctorFinding[] {
  const causes = withoutFollowing(judges.stack.flatMap((judge) => judge(facts)));
  const all = ordered(withoutFollowing([...causes, ...remaining(facts, causes).map(asFinding)]));
  const found = withoutRefused(facts, all);
  // That a pod waits is told where nothing says why.
  const isExplained = found.some(({ verdict }) => verdict === "broken");
  return isExplained ? found.filter(({ reason }) => reason !== "PodWaits") : found;
}

/** What `status` finds of times. */
const ofTimes: ReadonlySet<Reason> = new Set(["ResponseTimeout", "ResponseSlow"]);

/** The facts without what only time says. */
function withoutTimes(facts: ChainFacts): JudgedStack {
  const { outside, lateMs = 0 } = facts;
  return {
    ...facts,
    status: facts.status.filter(({ reason }) => !ofTimes.has(reason)),
    served: outside === undefined ? [] : judgeIssuerFacts({ ...outside, lateMs }).findings,
    workloads: facts.workloads.map((workload) =>
      "seen" in workload.trial
        ? { ...workload, trial: { seen: { ...workload.trial.seen, took: 0 } } }
        : workload,
    ),
  };
}

/** What is found where the program that looked was held up: nothing of what only times say, and that it is so. */
function heldUp(
  facts: ChainFacts,
  plain: readonly DoctorFinding[],
  lateMs: number,
): readonly DoctorFinding[] {
  const quiet = foundIn(withoutTimes(facts));
  return sameReasons(quiet, plain) ? plain : ordered([...quiet, lookDelayed(lateMs)]);
}

/** What the facts mean. Pure: the same facts always mean the same. */
export function judgeChain(given: ChainFacts): DoctorReport {
  const facts = withoutOdd(given);
  const { stack, status, lateMs = 0 } = facts;
  const outside = mapped(facts.outside, judgeIssuerFacts);
  const plain = foundIn({ ...facts, served: outside?.findings ?? [] });
  const isLate = isHeldUp({ lateMs, ...defined({ timeoutMs: facts.outside?.timeoutMs }) });
  const found = isLate ? heldUp(facts, plain, lateMs) : plain;
  const excluded = holding(status, found);
  const seen = new Set(
    [...found.filter(({ verdict }) => verdict !== "unseen"), ...excluded].map(({ link }) => link),
  );
  return {
    stack,
    ...diagnosisOf(facts, found),
    excluded: [...excluded, ...excludedThumbprints(facts)],
    unseen: links.filter((link) => !seen.has(link)),
    ...defined({ times: outside?.times }),
    relyingParties: outside?.relyingParties ?? [],
  };
}
