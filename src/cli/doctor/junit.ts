import { type Link, links } from "../../core/base/index.ts";
import { type JunitCase, junitXml } from "../../core/junit/index.ts";
import type { DoctorFinding, DoctorReport, Verdict } from "../../doctor/index.ts";

const lineOf = ({ verdict, number, reason, seen, next }: DoctorFinding): string =>
  `${[verdict, number, reason].filter((one) => one !== undefined).join(" ")}: ${seen}. Next: ${next}`;

const linesOf = (findings: readonly DoctorFinding[]): string => findings.map(lineOf).join("\n");

/** What of a report is written, an issuer's or a stack's. */
export type JunitReport = Pick<DoctorReport, "issuer" | "at" | "findings" | "unseen">;

/** One link as a test: failed where a finding fails the run, skipped where nothing could be seen. */
function caseOf({ findings, unseen, issuer }: JunitReport, link: Link, fails: readonly Verdict[]): JunitCase {
  const called = { className: issuer, name: link };
  const own = findings.filter((one) => one.link === link && one.reason !== "NotSeenFromOutside");
  const failed = own.filter(({ verdict }) => fails.includes(verdict));
  const [first] = failed;
  if (first !== undefined) {
    const { reason, seen } = first;
    return { ...called, outcome: { tag: "failure", type: reason, message: seen, text: linesOf(failed) } };
  }
  if (unseen.includes(link))
    return { ...called, outcome: { tag: "skipped", message: "not to be seen from here" } };
  return own.length === 0 ? called : { ...called, output: linesOf(own) };
}

/** A report as JUnit's XML, with a test for each link of the chain; `fails` are the verdicts that fail one. */
export function junitOf(report: JunitReport, fails: readonly Verdict[]): string {
  const cases = links.map((link) => caseOf(report, link, fails));
  return junitXml({ name: "podtrust doctor", at: report.at, cases });
}
