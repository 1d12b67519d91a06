/**
 * Each cause of `podtrust doctor` by a fault in a real part: a server with a certificate and documents of its
 * own, a resolver on loopback, a port without a listener. What the judges make of it is compared with the
 * cause's name.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type CauseFacts, reasons } from "../../src/core/reasons/index.ts";
import { bundleOf, type DoctorReport, factsOfBundle, reportOf as judged } from "../../src/doctor/index.ts";
import { faults, type IssuerCause } from "./faults.ts";
import { lookOf, outputOf, reportOf, writtenOutputs } from "./outputs.ts";

/** Links that a finding may not point to: they hold, by a proof in the same report. */
function misdirected({ findings, excluded }: DoctorReport): readonly string[] {
  const holding = new Set(excluded.map(({ link }) => link));
  return findings.filter(({ link }) => holding.has(link)).map(({ reason }) => reason);
}

describe("a fault in a real part", () => {
  for (const cause of Object.keys(faults) as IssuerCause[]) {
    test(`named ${cause} is found by doctor as what it is, with proof and fix, and nothing is blamed that holds`, async () => {
      const report = await reportOf(cause);
      const found = report.findings.find(({ reason }) => reason === cause);
      assert.ok(found, JSON.stringify(report, undefined, 2));
      assert.ok(found.seen !== "" && found.next !== "", JSON.stringify(found));
      // The page of the cause shows these words: npm run generate writes them anew.
      assert.deepEqual(outputOf(report, cause), writtenOutputs()[cause]);
      const { outcome } = reasons[cause];
      if (outcome === "broken")
        assert.equal(report.broken?.reason, cause, JSON.stringify(report.findings, undefined, 2));
      else assert.equal(report.broken, undefined, JSON.stringify(report.findings, undefined, 2));
      assert.deepEqual(misdirected(report), []);
    });
  }
});

describe("a bundle of a fault", () => {
  for (const cause of Object.keys(faults) as IssuerCause[]) {
    test(`named ${cause} is judged elsewhere as it was here, and no secret is in it nor in the report`, async () => {
      const { facts, secrets } = await lookOf(cause);
      const report = judged(facts);
      const text = JSON.stringify(bundleOf(facts));
      assert.deepEqual(judged(factsOfBundle(text)), report);
      for (const secret of secrets)
        for (const shown of [text, JSON.stringify(report)]) assert.ok(!shown.includes(secret), shown);
    });
  }
});

describe("a fault that is looked at from a machine that was held up itself", () => {
  const reasonsOf = ({ findings }: DoctorReport): readonly string[] => findings.map(({ reason }) => reason);

  for (const cause of Object.keys(faults) as IssuerCause[]) {
    test(`named ${cause} is named as before where it is not of time, and else is not to be seen from here`, async () => {
      const { facts } = await lookOf(cause);
      const busy = reasonsOf(judged({ ...facts, lateMs: 3_600_000 }));
      assert.ok(!busy.includes("ResponseSlow") && !busy.includes("ResponseTimeout"), busy.join(", "));
      if (!busy.includes("LookDelayed")) assert.deepEqual(busy, reasonsOf(judged(facts)));
    });
  }

  for (const cause of ["ResponseSlow", "ResponseTimeout"] as const) {
    test(`named ${cause} is all that could not be seen, and is found where it was held up for a moment only`, async () => {
      const { facts } = await lookOf(cause);
      const report = judged({ ...facts, lateMs: 3_600_000 });
      const found = reasonsOf(report).filter((reason) => reason !== "NotSeenFromOutside");
      assert.deepEqual([found, report.verdict], [["LookDelayed"], "unseen"]);
      assert.ok(reasonsOf(judged({ ...facts, lateMs: 10 })).includes(cause));
    });
  }
});

test("the numbers of the causes are each given once", () => {
  const all = Object.keys(faults).map((cause) => (reasons[cause as IssuerCause] as CauseFacts).number);
  assert.equal(new Set(all).size, all.length);
  assert.ok(all.length >= 60, `${all.length} causes`);
});
