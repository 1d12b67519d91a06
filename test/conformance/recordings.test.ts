/** What `npm run record` has written of real vendors, held to our rules; and that it would be noticed if they differed. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, test } from "node:test";
import { awsCases } from "../record/aws/cases.ts";
import { azureCases } from "../record/azure/cases.ts";
import { disagreements } from "../record/compare.ts";
import { googleCases } from "../record/gcp/cases.ts";
import { parseRecording, type RecordedCase, recordedAnswer, type Recording } from "../record/recording.ts";
import { ownWordsOf } from "../record/vendor.ts";

const vendors = { aws: awsCases, gcp: googleCases, azure: azureCases };

/** What a vendor would have answered that does as our rules say. */
async function obedient(vendor: (typeof vendors)[keyof typeof vendors]): Promise<Recording> {
  const cases: RecordedCase[] = [];
  const own = await ownWordsOf(vendor);
  for (const { rule, name } of vendor.cases) {
    const { outcome, status = 200, code, number, texts = [] } = await vendor.judge(name);
    const answer = outcome === "granted" ? { status: 200 } : { status, code, number, text: texts.at(-1) };
    cases.push({ rule, case: name, ...recordedAnswer(answer, own) });
  }
  return { format: 1, vendor: vendor.vendor, date: "2026-11-29", cases, questions: [] };
}

/** What there is: none until somebody with an account has run `npm run record`. */
const files = globSync("test/conformance/recordings/*.json");

for (const file of files)
  test(`${file} has what our rules say, case by case`, async () => {
    const recording = parseRecording(readFileSync(file, "utf8"));
    assert.equal(`${recording.vendor}.json`, basename(file));
    assert.deepEqual(await disagreements(recording, vendors[recording.vendor]), []);
  });

test("the page of the status says of each vendor whether anything is recorded, and when", () => {
  const status = readFileSync("docs/explanation/status.md", "utf8");
  const [, said = ""] = /^Recorded: (.+)$/mu.exec(status) ?? [];
  const recorded = files.map((file) => {
    const { vendor, date } = parseRecording(readFileSync(file, "utf8"));
    return `${vendor} on ${date}`;
  });
  assert.equal(said, `${recorded.length === 0 ? "nothing yet" : recorded.join(", ")}.`);
});

for (const [name, vendor] of Object.entries(vendors)) {
  describe(`what is asked of ${name}`, () => {
    test("is asked for every rule, but for those that are named with a reason", () => {
      const asked = new Set(vendor.cases.map(({ rule }) => rule));
      const lacking = vendor.rules.filter((rule) => !asked.has(rule));
      assert.deepEqual(lacking.toSorted(), Object.keys(vendor.notAsked).toSorted());
      assert.deepEqual(
        [...asked].filter((rule) => !vendor.rules.includes(rule)),
        [],
      );
      assert.equal(new Set(vendor.cases.map((one) => one.name)).size, vendor.cases.length);
    });

    test("names with each case the rule that refuses it", async () => {
      for (const { name: what, rule } of vendor.cases) {
        const judged = await vendor.judge(what);
        if (judged.outcome === "refused") assert.equal(judged.rule, rule, what);
      }
    });

    test("is told from a measure that ends elsewhere than its rule, by the name of that rule", async () => {
      const whole = await obedient(vendor);
      const ruled = Object.entries(vendor.ladders).filter(([, { rule }]) => rule !== undefined);
      assert.ok(ruled.length > 0);
      for (const [question, { rule, unit, values }] of ruled) {
        assert.ok(vendor.rules.includes(rule ?? "") && question in vendor.questions, question);
        const questions = [{ question, unit, refused: values[0] ?? 0 }];
        const found = await disagreements({ ...whole, cases: [], questions }, vendor);
        assert.equal(found.length, 1, question);
        assert.match(found[0] ?? "", new RegExp(`^rule ${rule}, ${question}: `, "u"));
      }
    });

    test("is told from an answer with another code, another text, or none, by the name of the rule", async () => {
      const whole = await obedient(vendor);
      assert.deepEqual(await disagreements(parseRecording(JSON.stringify(whole)), vendor), []);
      const at = whole.cases.findIndex(({ outcome }) => outcome === "refused");
      const right = whole.cases[at];
      assert.ok(right !== undefined);
      for (const change of [
        { code: "other" },
        { status: 418 },
        { number: 7 },
        { text: "Some other words." },
        { outcome: "granted" as const },
      ]) {
        const cases = [{ ...right, ...change }];
        const found = await disagreements({ ...whole, cases }, vendor);
        assert.equal(found.length, 1, JSON.stringify(change));
        assert.ok(found[0]?.startsWith(`rule ${right.rule}, ${right.case}: `), JSON.stringify(found));
      }
    });
  });
}
