/** Reports in JUnit's XML, which the test reports of CI systems read. */
import { visibleLines } from "../terminal/index.ts";

/** How a case ended, unless it passed. */
interface JunitOutcome {
  readonly tag: "failure" | "error" | "skipped";
  readonly message: string;
  /** A stable word. */
  readonly type?: string;
  readonly text?: string;
}

/** One case of a suite. */
export interface JunitCase {
  readonly className: string;
  readonly name: string;
  readonly seconds?: number;
  /** Absent: it passed. */
  readonly outcome?: JunitOutcome;
  /** What is said of one that passed. */
  readonly output?: string;
}

/** A suite, which is a whole report. */
interface JunitSuite {
  readonly name: string;
  /** RFC 3339, in UTC. */
  readonly at: string;
  readonly cases: readonly JunitCase[];
}

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

/** Attributes of a tag; one without a value is left out. */
function attributes(all: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(all).filter((one): one is [string, string] => one[1] !== undefined);
  return given.map(([name, value]) => ` ${name}="${escaped(value)}"`).join("");
}

function outcomeXml({ tag, message, type, text }: JunitOutcome): string {
  const start = `<${tag}${attributes({ type, message })}`;
  return text === undefined ? `${start}/>` : `${start}>${escaped(text)}</${tag}>`;
}

function caseXml({ className, name, seconds, outcome, output }: JunitCase): string {
  const start = `<testcase${attributes({ classname: className, name, time: seconds?.toFixed(3) })}`;
  if (outcome !== undefined) return `${start}>${outcomeXml(outcome)}</testcase>`;
  return output === undefined
    ? `${start}/>`
    : `${start}><system-out>${escaped(output)}</system-out></testcase>`;
}

/** A report as JUnit's XML: one suite, with its cases in their order. */
export function junitXml({ name, at, cases }: JunitSuite): string {
  const count = (tag: JunitOutcome["tag"]): string =>
    String(cases.filter(({ outcome }) => outcome?.tag === tag).length);
  const seconds = cases.map((one) => one.seconds).filter((one) => one !== undefined);
  const suite = attributes({
    name,
    timestamp: at.replace(/(?:\.\d+)?Z$/u, ""),
    tests: String(cases.length),
    failures: count("failure"),
    errors: count("error"),
    skipped: count("skipped"),
    time: seconds.length === 0 ? undefined : seconds.reduce((sum, one) => sum + one, 0).toFixed(3),
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
<testsuite${suite}>
${cases.map(caseXml).join("\n")}
</testsuite>
</testsuites>
`;
}
