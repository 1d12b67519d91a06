import { lengthText, type Link, links } from "../../core/base/index.ts";
import { isCause } from "../../core/reasons/index.ts";
import { printNext, withDocumentPaths } from "../../core/command-line/index.ts";
import { bold, dim, green, red, type Text, rich, yellow } from "../../core/terminal/index.ts";
import type { DoctorFinding, DoctorReport, Excluded, Verdict } from "../../doctor/index.ts";
import type { CommandContext } from "../context.ts";

const nameWidth = Math.max(...links.map((link) => link.length));
const hang = nameWidth + 4;

const marks: Readonly<Record<Verdict, Text>> = {
  holds: green("✔"),
  warning: yellow("!"),
  propagating: yellow("…"),
  incident: yellow("…"),
  broken: red("✖"),
  unseen: dim("?"),
};

function printLine(context: CommandContext, verdict: Verdict, link: Link, seen: string): void {
  context.output.line(rich`${marks[verdict]} ${bold(link.padEnd(nameWidth))}  ${seen}`, hang);
}

function printFinding(
  context: CommandContext,
  { link, reason, number, verdict, seen, next }: DoctorFinding,
): void {
  const { output } = context;
  printLine(context, verdict, link, seen);
  const page = isCause(reason) ? `; ${withDocumentPaths(`docs/reference/causes/${reason}.md`)}` : "";
  output.line(
    dim(`${" ".repeat(hang)}${[number, reason].filter((one) => one !== undefined).join(" ")}${page}`),
    hang,
  );
  printNext(context, output, next, { indent: hang });
}

/** Findings and what is excluded, link by link. */
function printLinks(
  context: CommandContext,
  {
    findings,
    excluded,
  }: { readonly findings: readonly DoctorFinding[]; readonly excluded: readonly Excluded[] },
): void {
  for (const link of links) {
    for (const one of findings.filter((found) => found.link === link)) printFinding(context, one);
    for (const { seen } of excluded.filter((one) => one.link === link))
      printLine(context, "holds", link, seen);
  }
}

/** What a verdict says where no link is broken, of an issuer as of a stack. */
const verdictTexts = {
  propagating: "A change is spreading. Wait; change nothing.",
  unseen: "Nothing is known to be wrong, and not everything could be seen from here.",
} as const;

const ofIssuer = {
  holds: "AWS can read this issuer: every link that its URL shows holds.",
  warning: "AWS can read this issuer; check the warnings.",
  incident: "The provider fails by itself. Wait; change nothing.",
} as const;

const ofStack = {
  holds: "Every link holds.",
  warning: "No link is broken; check the warnings.",
  incident: "It looks like an incident at the provider. Wait; change nothing.",
} as const;

/** A diagnosis in one sentence. */
function summaryOf({ verdict, broken, stack }: DoctorReport): string {
  if (broken !== undefined) return `The chain breaks at ${broken.link}: ${broken.reason}.`;
  const texts = { ...verdictTexts, ...(stack === undefined ? ofIssuer : ofStack) };
  return verdict === "broken" ? "" : texts[verdict];
}

/** How long the documents took, and who else takes them. */
function printIssuer({ output }: CommandContext, { times, relyingParties }: DoctorReport): void {
  // Where no connection came about nothing was waited for.
  if (times !== undefined && times.cold > 0) {
    const [first, later] = [lengthText(times.cold), lengthText(times.warm)];
    output.line(dim(`Documents took ${first} at first, ${later} later (AWS waits 5 s).`), 2);
  }
  for (const { title, problems, notJudged } of relyingParties) {
    const said = problems.length === 0 ? "takes both documents." : problems.join(" ");
    const subject = problems.length === 0 ? `${title} ` : "";
    output.line(dim(`${subject}${said} Of ${title} ${notJudged}.`), 2);
  }
}

/** A report, link by link, and what it comes to. */
export function printReport(context: CommandContext, report: DoctorReport): void {
  const { output } = context;
  const { excluded, findings, stack, broken, unseen } = report;
  const outside = findings.filter(({ reason }) => reason === "NotSeenFromOutside");
  printLinks(context, { findings: findings.filter((found) => !outside.includes(found)), excluded });
  output.line();
  output.line(bold(summaryOf(report)), 2);
  printIssuer(context, report);
  for (const { seen, next } of outside) {
    output.line(dim(`Not to be seen from here: ${seen}.`), 2);
    printNext(context, output, next);
  }
  if (stack === undefined) return;
  if (unseen.length > 0) output.line(dim(`Not seen: ${unseen.join(", ")}.`), 2);
  if (broken !== undefined) printNext(context, output, broken.next);
}
