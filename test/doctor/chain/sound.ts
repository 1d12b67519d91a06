import assert from "node:assert/strict";
import type { Reason } from "../../../src/core/base/index.ts";
import type { ChainReport } from "../../../src/doctor/chain/index.ts";

/**
 * A report names a cause and blames nothing that holds: no finding stands at a link that is excluded, none that is broken
 * advises to wait, and none that time mends advises to change something.
 */
export function assertSound(report: ChainReport, cause: Reason): void {
  const shown = JSON.stringify(report, undefined, 2);
  const found = report.findings.find(({ reason }) => reason === cause);
  assert.ok(found, shown);
  assert.ok(found.seen !== "" && found.next !== "", shown);
  const holding = new Set(report.excluded.filter((one) => one.cause === undefined).map(({ link }) => link));
  for (const { link, verdict, next, reason } of report.findings) {
    assert.ok(!holding.has(link), `${reason} blames ${link}, which holds: ${shown}`);
    if (verdict === "broken") assert.doesNotMatch(next, /^Wait|change nothing/u, reason);
    if (verdict === "propagating" || verdict === "incident") assert.match(next, /change nothing/u, reason);
  }
}
