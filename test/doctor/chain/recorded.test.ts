/** What was seen of faults in real parts, judged again: by these facts the judges are walked line by line. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isCause, type Reason, reasons } from "../../../src/core/reasons/index.ts";
import { type ChainFacts, judgeChain } from "../../../src/doctor/chain/index.ts";
import { faults as issuerFaults } from "../faults.ts";
import { recordedFaults } from "./recorded.ts";
import { assertSound } from "./sound.ts";

const faults = recordedFaults();
const named = faults.flatMap(({ cause, facts }) => (cause === "healthy" ? [] : [{ cause, facts }]));

describe("what was seen of a fault", () => {
  for (const { cause, facts } of named) {
    test(`named ${cause} means the same whenever it is judged, and nothing is blamed that holds`, () => {
      const report = judgeChain(facts);
      assertSound(report, facts, cause);
      assert.deepEqual(judgeChain(facts), report);
      const first = reasons[cause].outcome === "broken" ? cause : undefined;
      assert.equal(report.broken?.reason, first, JSON.stringify(report.findings, undefined, 2));
    });
  }

  test("has every cause of cluster, account and pods", () => {
    const seen = new Set<Reason>(named.map(({ cause }) => cause));
    const causes = (Object.keys(reasons) as Reason[]).filter(isCause);
    const ofStacks = causes.filter((cause) => !Object.hasOwn(issuerFaults, cause));
    assert.ok(ofStacks.length >= 60, `${ofStacks.length} causes`);
    assert.deepEqual(
      ofStacks.filter((cause) => !seen.has(cause)),
      [],
    );
  });

  test("holds no token and no key of AWS", () => {
    for (const { cause, facts } of faults)
      assert.doesNotMatch(JSON.stringify(facts), /eyJ[\w-]{20}|AKIA[0-9A-Z]{16}|PRIVATE KEY/u, cause);
  });
});

test("facts without a fault have no finding that is broken or a warning", () => {
  const healthy = faults.filter(({ cause }) => cause === "healthy");
  assert.ok(healthy.length > 0);
  for (const { facts } of healthy)
    assert.deepEqual(
      judgeChain(facts).findings.filter(({ verdict }) => verdict !== "unseen"),
      [],
    );
});

test("whatever error is pasted beside whatever fault, no step leads to a link that holds or to what the facts exclude", () => {
  const texts = named.flatMap(({ facts }) => facts.texts);
  assert.ok(texts.length >= 15, `${texts.length} texts`);
  for (const { facts } of faults)
    for (const text of texts) {
      // The text is of whatever pods are there.
      const both: ChainFacts = { ...facts, texts: [{ from: text.from, lines: text.lines }] };
      assertSound(judgeChain(both), both);
    }
});
