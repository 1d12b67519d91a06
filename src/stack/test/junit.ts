import { isoTime } from "../../core/base/index.ts";
import { type JunitCase, junitXml } from "../../core/junit/index.ts";
import type { CaseReport, TestReport } from "./case.ts";

/** A refusal for another reason is a failure, a call that could not be made an error, as in every test runner. */
const tags = { failed: "failure", "not-asked": "error", "left-out": "skipped" } as const;

function caseOf({ role, name, seconds, verdict, expected, got }: CaseReport): JunitCase {
  const called = { className: role, name, seconds };
  if (verdict === "passed") return called;
  const message = verdict === "failed" ? `${got} expected: ${expected}` : got;
  return { ...called, outcome: { tag: tags[verdict], message } };
}

/** The report in the form that CI systems read: one suite, a case for each call. */
export function testXml({ cases, stack }: TestReport, at: number): string {
  return junitXml({ name: `podtrust test ${stack}`, at: isoTime(at), cases: cases.map(caseOf) });
}
