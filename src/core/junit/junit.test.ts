import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { junitXml } from "./index.ts";

describe("a report in JUnit's XML", () => {
  test("counts how its cases ended, and adds up their times where they have any", () => {
    const className = "a role";
    const xml = junitXml({
      name: "podtrust test",
      at: "2026-12-03T09:00:00.123Z",
      cases: [
        { className, name: "passes", seconds: 1.25, output: "said" },
        { className, name: "fails", seconds: 0.5, outcome: { tag: "failure", message: "no", text: "why" } },
        { className, name: "is left out", outcome: { tag: "skipped", message: "not asked" } },
      ],
    });
    assert.match(
      xml,
      /name="podtrust test" timestamp="2026-12-03T09:00:00" tests="3" failures="1" errors="0" skipped="1" time="1\.750"/u,
    );
    assert.match(xml, /name="passes" time="1\.250"><system-out>said<\/system-out><\/testcase>/u);
    assert.match(xml, /<failure message="no">why<\/failure>/u);
    assert.match(xml, /<skipped message="not asked"\/>/u);
  });

  test("has no markup of others, nothing that XML cannot hold, and no command of a terminal", () => {
    const cases = [{ className: "<b>\uFFFF", name: '"&\n\u001b[31m' }];
    const xml = junitXml({ name: "odd", at: "2026-12-03T09:00:00Z", cases });
    assert.match(xml, /classname="&lt;b&gt;[^"<>]+" name="&quot;&amp;&#10;[^"<>]*"\/>/u);
    for (const mark of ["\u001b", "\uffff", "time="]) assert.ok(!xml.includes(mark), xml);
  });
});
