/** The thirty faults that drawn-faults.md drew: what doctor names first of each. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Reason } from "../../src/core/reasons/index.ts";
import { judgeChain } from "../../src/doctor/chain/index.ts";
import { newStack } from "./chain/world.ts";
import { drawnFaults, type Report } from "./drawn-faults.ts";

/** What a report names before all else: what is broken, or else the first that is no gap of the look. */
function firstOf({ broken, findings }: Report): Reason | undefined {
  return (broken ?? findings.find(({ verdict }) => verdict !== "unseen"))?.reason;
}

describe("a fault that nobody chose", () => {
  for (const { number, fault, first, look } of drawnFaults) {
    test(`(${number}) is named as what it is before all else: ${fault}`, async () => {
      const report = await look();
      assert.equal(firstOf(report), first, JSON.stringify(report.findings, undefined, 2));
      const causes = report.findings
        .filter(({ verdict }) => verdict === "broken")
        .map(({ reason }) => reason);
      assert.deepEqual([...new Set(causes)].slice(1), [], "a second cause beside the true one");
    });
  }

  test("(6) is not guessed: that no pod runs as the ServiceAccount is a gap, whose next step names the fault", async () => {
    await using world = await newStack();
    const { lateMs: _late, ...facts } = await world.gather();
    const report = judgeChain(facts);
    assert.equal(firstOf(report), undefined);
    const { next } = report.findings.find(({ reason }) => reason === "NoPods") ?? {};
    assert.match(next ?? "", /most often default: set serviceAccountName in its pod template/u);
  });
});
