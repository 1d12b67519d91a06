import { isIP } from "node:net";
import { defined, isCause, lengthText, type Link, links, PodtrustError } from "../../core/base/index.ts";
import { printNext, withDocumentPaths } from "../../core/command-line/index.ts";
import { bold, dim, green, red, type Text, rich, yellow } from "../../core/terminal/index.ts";
import { type DoctorFinding, type DoctorReport, examineIssuer, type Verdict } from "../../doctor/index.ts";
import { parseIssuer } from "../../rules/oidc/index.ts";
import type { CommandContext } from "../context.ts";
import { readToken } from "../explain/facts.ts";
import { checkTogether, printSymptom, symptomFrom } from "./symptom.ts";
import { type RouteOptions, routeOf } from "../options/route.ts";

/** What was typed. */
export interface DoctorCommandOptions extends RouteOptions {
  readonly token?: string;
  readonly error?: string;
  readonly failOn: string;
  readonly resolver?: string;
}

const nameWidth = Math.max(...links.map((link) => link.length));
const hang = nameWidth + 4;

const marks: Readonly<Record<Verdict, Text>> = {
  holds: green("✔"),
  warning: yellow("!"),
  propagating: yellow("…"),
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
  const page = isCause(reason) ? `; ${withDocumentPaths(`docs/doctor/${reason}.md`)}` : "";
  output.line(
    dim(`${" ".repeat(hang)}${[number, reason].filter((one) => one !== undefined).join(" ")}${page}`),
    hang,
  );
  printNext(context, output, next, { indent: hang });
}

const verdicts: Readonly<Record<Verdict, string>> = {
  holds: "AWS can read this issuer: every link that its URL shows holds.",
  warning: "AWS can read this issuer; look at the warnings.",
  propagating: "A change is spreading. Wait; change nothing.",
  unseen: "Nothing is known to be wrong, and not everything could be seen from here.",
  broken: "",
};

function summary({ verdict, broken }: DoctorReport): string {
  return broken === undefined ? verdicts[verdict] : `The chain breaks at ${broken.link}: ${broken.reason}.`;
}

function printReport(context: CommandContext, report: DoctorReport): void {
  const { output } = context;
  const { excluded, findings, relyingParties, times } = report;
  const outside = findings.filter(({ reason }) => reason === "NotSeenFromOutside");
  for (const link of links) {
    for (const one of findings.filter((found) => found.link === link && !outside.includes(found)))
      printFinding(context, one);
    for (const { seen } of excluded.filter((one) => one.link === link))
      printLine(context, "holds", link, seen);
  }
  output.line();
  output.line(bold(summary(report)), 2);
  // Where no connection came about nothing was waited for.
  if (times.cold > 0) {
    const [first, later] = [lengthText(times.cold), lengthText(times.warm)];
    output.line(dim(`Documents took ${first} at first, ${later} later (AWS waits 5 s).`), 2);
  }
  for (const { title, problems, notJudged } of relyingParties) {
    const said = problems.length === 0 ? "takes both documents." : problems.join(" ");
    const subject = problems.length === 0 ? `${title} ` : "";
    output.line(dim(`${subject}${said} Of ${title} ${notJudged}.`), 2);
  }
  for (const { seen, next } of outside) {
    output.line(dim(`Not to be seen from here: ${seen}.`), 2);
    printNext(context, output, next);
  }
}

const failing: Readonly<Record<string, readonly Verdict[]>> = {
  broken: ["broken"],
  warning: ["broken", "propagating", "warning"],
};

function failsOn(text: string): readonly Verdict[] {
  const found = Object.hasOwn(failing, text) ? failing[text] : undefined;
  if (found !== undefined) return found;
  throw new PodtrustError("usage", `--fail-on ${text} is no verdict`, { next: "Give warning or broken." });
}

/** Whether a text is `ADDRESS`, `[ADDRESS]:PORT` or `ADDRESS:PORT`, as Node's resolver takes it. */
function resolverOf(text: string): string {
  const address = /^\[?([^\]]+?)\]?(?::\d{1,5})?$/u.exec(text)?.[1] ?? "";
  if (isIP(text) !== 0 || isIP(address) !== 0) return text;
  throw new PodtrustError("usage", `--resolver ${text} is no address`, {
    next: "Give an address, such as 1.1.1.1, or one with a port, such as 127.0.0.1:5353.",
  });
}

/** An issuer that was examined, with the token that was given. */
async function examined(
  context: CommandContext,
  issuer: string,
  options: DoctorCommandOptions,
): Promise<DoctorReport> {
  const { clock, signal, output } = context;
  parseIssuer(issuer);
  const token = options.token === undefined ? undefined : await readToken(context, options.token);
  const resolver = options.resolver === undefined ? undefined : resolverOf(options.resolver);
  const route = await routeOf(context, options);
  const report = await examineIssuer({ issuer, route, clock, signal, ...defined({ token, resolver }) });
  output.line(rich`${bold("issuer")}  ${issuer}`);
  for (const note of token?.notes ?? []) output.line(yellow(`note: ${note}`), 2);
  output.line();
  printReport(context, report);
  return report;
}

/** Judges anybody's issuer as AWS reads it, or an error's text, or both; the exit code says whether a link is broken. */
export async function runDoctor(
  context: CommandContext,
  issuer: string | undefined,
  options: DoctorCommandOptions,
): Promise<void> {
  const fails = failsOn(options.failOn);
  checkTogether(issuer, options);
  const symptom = options.error === undefined ? undefined : await symptomFrom(context, options.error);
  const report = issuer === undefined ? undefined : await examined(context, issuer, options);
  if (symptom !== undefined) printSymptom(context, symptom, report);
  context.output.result({ ...report, ...defined({ symptom }) });
  if (report !== undefined && fails.includes(report.verdict)) context.exitCode = 3;
}
