import { isoSeconds } from "../../core/base/index.ts";
import type { CaseReport, TestReport } from "./case.ts";

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  "\n": "&#10;",
  "\t": "&#9;",
};

/** Text for XML 1.0, which does not allow most control characters at all. */
function escaped(text: string): string {
  const clean = text.replace(/(?![\n\t])[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, "\uFFFD");
  return clean.replace(/[&<>"'\n\t]/gu, (found) => entities[found] ?? found);
}

/** A refusal for another reason is a failure, a call that could not be made an error, as in every test runner. */
const tags = { failed: "failure", "not-asked": "error", "left-out": "skipped" } as const;

function caseXml(one: CaseReport): string {
  const head = `    <testcase classname="${escaped(one.role)}" name="${escaped(one.name)}" time="${one.seconds.toFixed(3)}"`;
  if (one.verdict === "passed") return `${head}/>`;
  const tag = tags[one.verdict];
  const expected = one.verdict === "failed" ? ` expected: ${one.expected}` : "";
  return `${head}>\n      <${tag} message="${escaped(one.got + expected)}"/>\n    </testcase>`;
}

/** The report in the form that CI systems read: one suite, a case for each call. */
export function junitXml(report: TestReport, at: number): string {
  const { cases, failed, notAsked, leftOut, stack } = report;
  const time = cases.reduce((sum, one) => sum + one.seconds, 0).toFixed(3);
  const counts = `tests="${cases.length}" failures="${failed}" errors="${notAsked}" skipped="${leftOut}" time="${time}"`;
  const when = isoSeconds(at).replace("Z", "");
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="podtrust test" ${counts}>`,
    `  <testsuite name="${escaped(`podtrust ${stack}`)}" timestamp="${when}" ${counts}>`,
    ...cases.map(caseXml),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}
