import { type DoctorFinding, finding } from "../finding.ts";
import type { ChainFacts, TextLook } from "./facts.ts";
import { saidOf, textRules } from "./text-rules.ts";

const maxShown = 300;

function judgeText(facts: ChainFacts, text: TextLook): readonly DoctorFinding[] {
  const said = saidOf(facts, text);
  return text.lines.flatMap((line): readonly DoctorFinding[] => {
    const rule = textRules.find(
      (one) => one.line.test(line) && (one.also?.test(line) ?? true) && (one.fits?.(said, line) ?? true),
    );
    if (rule === undefined) return [];
    const shown = line.trim().slice(0, maxShown);
    return [finding(rule.reason, { seen: `${text.from}: ${shown}${rule.proof?.(said, line) ?? ""}` })];
  });
}

/** What errors and logs say of the cause, as far as the facts do not exclude it. */
export function judgeTexts(facts: ChainFacts): readonly DoctorFinding[] {
  return facts.texts.flatMap((text) => judgeText(facts, text));
}
