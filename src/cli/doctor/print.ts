import { type Link, links } from "../../core/base/index.ts";
import { isCause } from "../../core/reasons/index.ts";
import { printNext, withDocumentPaths } from "../../core/command-line/index.ts";
import { bold, dim, green, red, type Text, rich, yellow } from "../../core/terminal/index.ts";
import type { DoctorFinding, Excluded, Verdict } from "../../doctor/index.ts";
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
export function printLinks(
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

/** A diagnosis in one sentence; `texts` has what differs between an issuer and a stack. */
export function summaryOf(
  { verdict, broken }: { readonly verdict: Verdict; readonly broken?: DoctorFinding },
  texts: Readonly<Record<"holds" | "warning" | "incident", string>>,
): string {
  if (broken !== undefined) return `The chain breaks at ${broken.link}: ${broken.reason}.`;
  return verdict === "broken" ? "" : { ...verdictTexts, ...texts }[verdict];
}
