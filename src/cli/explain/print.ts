import type { JsonRecord } from "../../core/base/index.ts";
import { printNext } from "../../core/command-line/index.ts";
import { bold, dim, green, red, relativeTime, rich, yellow } from "../../core/terminal/index.ts";
import { moment, type RefusalWords, type RuleReport } from "../../rules/judge/index.ts";
import type { CommandContext } from "../context.ts";

/** The relying party that is asked, and its answers. */
export interface ExplainedParty<Refusal extends RefusalWords> {
  /** AWS, Google Cloud. */
  readonly party: string;
  /** What the token is for: `role web`. */
  readonly target: string;
  /** The vendor's own words, a line each. */
  readonly answerLines: (refusal: Refusal) => readonly string[];
}

const marks = { accepted: green("✔"), refused: red("✖"), "not-reached": dim("·") } as const;
const ruleWidth = 24;
const hang = ruleWidth + 3;

function printRule<Refusal extends RefusalWords>(
  context: CommandContext,
  { rule, outcome, finding, warnings, refusal }: RuleReport<Refusal>,
  answerLines: ExplainedParty<Refusal>["answerLines"],
): void {
  const { output } = context;
  const found = outcome === "not-reached" ? dim(finding) : finding;
  output.line(rich`${marks[outcome]} ${rule.padEnd(ruleWidth)} ${found}`, hang);
  for (const warning of warnings) output.line(yellow(`  warning: ${warning}`), 4);
  if (refusal === undefined) return;
  for (const line of answerLines(refusal)) output.line(dim(`  ${line}`), 4);
  printNext(context, output, refusal.next, { indent: 2 });
}

/** Whether it would be accepted, and which rules deny it. */
export function printVerdict<Refusal extends RefusalWords>(
  { output }: CommandContext,
  reports: readonly RuleReport<Refusal>[],
  { party, target }: ExplainedParty<Refusal>,
): void {
  const refused = reports.filter((one) => one.outcome === "refused").map(({ rule }) => rule);
  const [first, ...others] = refused;
  if (first === undefined) {
    output.line(bold(green(`${party} would accept the token for ${target}.`)), 2);
  } else {
    output.line(bold(red(`${party} would deny it, by the rule ${first}.`)), 2);
    if (others.length > 0) output.line(`After that it would deny it by ${others.join(", ")}.`, 2);
  }
  output.line();
}

/** The rules that deny the token, or all of them, and how many are not shown. */
export function printRules<Refusal extends RefusalWords>(
  context: CommandContext,
  reports: readonly RuleReport<Refusal>[],
  { answerLines }: ExplainedParty<Refusal>,
  all: boolean,
): void {
  const { output } = context;
  const shown = all
    ? reports
    : reports.filter(({ outcome, warnings }) => outcome === "refused" || warnings.length > 0);
  for (const report of shown) printRule(context, report, answerLines);
  const hidden = reports.filter((one) => !shown.includes(one));
  const passed = hidden.filter(({ outcome }) => outcome === "accepted").length;
  if (hidden.length === 0) return;
  const rest = hidden.length - passed;
  const also = rest === 0 ? "" : ` and ${rest} not reached`;
  output.line(dim(`${passed} of ${reports.length} rules passed${also}; --all shows each.`), 2);
}

/** What is judged: for which target, of which subject, and when. */
export function printHead(
  context: CommandContext,
  [name, target]: readonly [name: string, target: string],
  claims: JsonRecord,
  now: number,
): void {
  const { output, clock } = context;
  const claim = (claimName: string): string => JSON.stringify(claims[claimName]) ?? "nothing";
  const width = Math.max("token".length, name.length) + 2;
  output.line(rich`${bold(name.padEnd(width))}${target}`);
  output.line(rich`${bold("token".padEnd(width))}${claim("sub")} of ${claim("iss")} for ${claim("aud")}`);
  output.line(rich`${bold("at".padEnd(width))}${moment(now)}, ${relativeTime(now * 1000, clock.now())}`);
  output.line();
}
