/**
 * A rule for oxlint: no regular expression of src/ may take more than linear time, whatever it is
 * given. One client's header of a few kilobytes once kept the publisher's only thread busy for 77 ms.
 *
 * Judged by scslre, the engine of eslint-plugin-regexp: quantifiers that trade characters with one another or with
 * themselves, and searches that begin anew at every character. It does not see alternatives that share a text
 * (`(a|a)*`), nor what is put together at run time: test/hostile/linear-time.test.ts measures both.
 */
import { RegExpParser } from "@eslint-community/regexpp";
import { analyse, type Report } from "scslre";
import type { RuleContext } from "./rule.ts";

interface LiteralNode {
  readonly regex?: { readonly pattern: string; readonly flags: string } | null;
}

const parser = new RegExpParser();

function causeOf(report: Report): string {
  const growth = report.exponential ? "exponential" : "quadratic";
  if (report.type === "Trade")
    return `${report.startQuant.raw} and ${report.endQuant.raw} share characters: ${growth} time`;
  if (report.type === "Self")
    return `${report.quant.raw} repeats within ${report.parentQuant.raw}: ${growth} time`;
  return `the search begins anew at each character that ${report.quant.raw} takes: quadratic time`;
}

/** Why a regular expression may take more than linear time; empty when it may not. */
export function slowness(pattern: string, flags: string): readonly string[] {
  const parsed = {
    pattern: parser.parsePattern(pattern, 0, pattern.length, {
      unicode: flags.includes("u"),
      unicodeSets: flags.includes("v"),
    }),
    flags: parser.parseFlags(flags),
  };
  const { reports } = analyse(parsed);
  return reports.map((report) => `${causeOf(report)}, as with ${JSON.stringify(report.character.pick)}`);
}

export const linearRule = {
  create: (context: RuleContext) => ({
    Literal(node: LiteralNode) {
      if (node.regex === undefined || node.regex === null) return;
      for (const message of slowness(node.regex.pattern, node.regex.flags)) context.report({ node, message });
    },
  }),
};
