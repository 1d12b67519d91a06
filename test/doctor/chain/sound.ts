import type { DoctorReport } from "../../../src/doctor/index.ts";
import assert from "node:assert/strict";
import type { Reason } from "../../../src/core/reasons/index.ts";
import type { ChainFacts } from "../../../src/doctor/chain/index.ts";

/** Whether a pod that is made now gets what it needs; undefined where it was not tried. */
function isInjecting({ workloads }: ChainFacts): boolean | undefined {
  const trials = workloads.flatMap(({ trial }) => ("seen" in trial ? [trial.seen.injected] : []));
  return trials.length === 0 ? undefined : trials.every(Boolean);
}

/**
 * A report blames nothing that holds and advises nothing that the facts exclude: no finding stands at a link that is excluded,
 * none that is broken says to change nothing, none that time mends says to change something, and no pod is to be made anew to get a role
 * where a new one gets none.
 */
export function assertSound(report: DoctorReport, facts: ChainFacts, cause?: Reason): void {
  const shown = JSON.stringify(report, undefined, 2);
  if (cause !== undefined) {
    const found = report.findings.find(({ reason }) => reason === cause);
    assert.ok(found, shown);
    assert.ok(found.seen !== "" && found.next !== "", shown);
  }
  const holding = new Set(report.excluded.filter((one) => one.cause === undefined).map(({ link }) => link));
  for (const { link, verdict, next, reason, seen } of report.findings) {
    assert.ok(!holding.has(link), `${reason} blames ${link}, which holds: ${shown}`);
    assert.notEqual(seen, "", reason);
    if (verdict === "broken") assert.doesNotMatch(next, /change nothing/u, reason);
    if (verdict === "propagating" || verdict === "incident") assert.match(next, /change nothing/u, reason);
    if (isInjecting(facts) === false)
      assert.doesNotMatch(next, /It gets what it needs when it is made/u, reason);
  }
}
