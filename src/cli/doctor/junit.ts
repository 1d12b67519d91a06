import { type Link, links } from "../../core/base/index.ts";
import { visibleLines } from "../../core/terminal/index.ts";
import type { DoctorFinding, DoctorReport, Verdict } from "../../doctor/index.ts";

// XML 1.0 §2.2 has no way to write these, escaped or not.
const notXml = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
const marks: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\n": "&#10;",
  "\t": "&#9;",
};

/** What commands a terminal or hides from the eye is written by its code, as on the screen: reports are read there, too. */
const escaped = (text: string): string =>
  visibleLines(text)
    .replaceAll(notXml, "\ufffd")
    .replaceAll(/[&<>"\n\t]/gu, (one) => marks[one] ?? one);

const bodyOf = ({ verdict, number, reason, seen, next }: DoctorFinding): string =>
  escaped(
    `${[verdict, number, reason].filter((one) => one !== undefined).join(" ")}: ${seen}. Next: ${next}`,
  );

/** What of a report is written, an issuer's or a stack's. */
export type JunitReport = Pick<DoctorReport, "issuer" | "at" | "findings" | "unseen">;

/** One link as a test: failed where a finding fails the run, skipped where nothing could be seen. */
function caseOf({ findings, unseen, issuer }: JunitReport, link: Link, fails: readonly Verdict[]): string {
  const own = findings.filter((one) => one.link === link && one.reason !== "NotSeenFromOutside");
  const start = `<testcase classname="${escaped(issuer)}" name="${link}"`;
  const failed = own.filter(({ verdict }) => fails.includes(verdict));
  const [first] = failed;
  if (first !== undefined) {
    const text = failed.map(bodyOf).join("&#10;");
    return `${start}><failure type="${first.reason}" message="${escaped(first.seen)}">${text}</failure></testcase>`;
  }
  if (unseen.includes(link)) return `${start}><skipped message="not to be seen from here"/></testcase>`;
  if (own.length === 0) return `${start}/>`;
  return `${start}><system-out>${own.map(bodyOf).join("&#10;")}</system-out></testcase>`;
}

/** A report as JUnit's XML, with a test for each link of the chain; `fails` are the verdicts that fail one. */
export function junitOf(report: JunitReport, fails: readonly Verdict[]): string {
  const cases = links.map((link) => caseOf(report, link, fails));
  const count = (mark: string): number => cases.filter((one) => one.includes(mark)).length;
  const counts = `tests="${cases.length}" failures="${count("<failure ")}" skipped="${count("<skipped ")}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
<testsuite name="podtrust doctor" timestamp="${report.at}" ${counts}>
${cases.join("\n")}
</testsuite>
</testsuites>
`;
}
