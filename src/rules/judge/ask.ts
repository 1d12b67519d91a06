import type { RefusalWords, Rule, RuleReport, RuleVerdict } from "./rule.ts";

/** A rule's verdict, or what it lacks to be asked. */
type RuleResult<Facts, Known, Refusal extends RefusalWords, Answer> =
  | {
      readonly rule: Rule<Facts, Known, Refusal, Answer>;
      readonly verdict: RuleVerdict<Known, Refusal>;
      readonly known: Partial<Known>;
    }
  | { readonly rule: Rule<Facts, Known, Refusal, Answer>; readonly lacks: readonly (keyof Known)[] };

/**
 * Asks every rule in order, each with what those before it found; never stops by itself, so that its caller may.
 * `given` is what is known without the rules that would find it.
 */
function* askRules<Facts, Known, Refusal extends RefusalWords, Answer>(
  rules: readonly Rule<Facts, Known, Refusal, Answer>[],
  facts: Facts,
  given: Partial<Known> = {},
): Generator<RuleResult<Facts, Known, Refusal, Answer>> {
  const known: Partial<Known> = { ...given };
  for (const rule of rules) {
    const lacks = rule.needs.filter((name) => known[name] === undefined);
    if (lacks.length > 0) {
      yield { rule, lacks };
      continue;
    }
    const verdict = rule.check(facts, known);
    if (verdict.outcome !== "needs-documents") Object.assign(known, verdict.learned);
    yield { rule, verdict, known };
  }
}

/** The outcome of a list of rules: the first refusal, or what is known where none refused. */
export type RulesOutcome<Known, Refusal> =
  | { readonly outcome: "refused"; readonly refusal: Refusal; readonly passed: readonly string[] }
  | {
      /** `needs-documents`: no rule refused before the issuer's documents are needed. */
      readonly outcome: "accepted" | "needs-documents";
      readonly known: Partial<Known>;
      readonly passed: readonly string[];
    };

/** A refusal with the name of its rule. */
const named = <Refusal extends RefusalWords>(rule: string, refusal: Omit<Refusal, "rule">): Refusal =>
  ({ rule, ...refusal }) as Refusal;

/** Asks rules in order until one refuses; TypeError when one comes before what it needs. */
export function judgeBy<Facts, Known, Refusal extends RefusalWords, Answer>(
  rules: readonly Rule<Facts, Known, Refusal, Answer>[],
  facts: Facts,
  given: Partial<Known> = {},
): RulesOutcome<Known, Refusal> {
  const passed: string[] = [];
  let known = given;
  for (const asked of askRules(rules, facts, given)) {
    const { rule } = asked;
    if ("lacks" in asked)
      throw new TypeError(`rule ${rule.name} comes before what it needs: ${asked.lacks.join(", ")}`);
    const { verdict } = asked;
    known = asked.known;
    if (verdict.outcome === "refused")
      return { outcome: "refused", refusal: named(rule.name, verdict.refusal), passed };
    if (verdict.outcome === "needs-documents") return { outcome: "needs-documents", known, passed };
    passed.push(rule.name);
  }
  return { outcome: "accepted", known, passed };
}

function reportOf<Facts, Known, Refusal extends RefusalWords, Answer>(
  asked: RuleResult<Facts, Known, Refusal, Answer>,
): RuleReport<Refusal> {
  const { name, title } = asked.rule;
  const base = { rule: name, title, warnings: [] };
  if ("lacks" in asked) {
    const finding = "could not be looked at, because of what was refused above";
    return { ...base, outcome: "not-reached", finding };
  }
  const { verdict } = asked;
  if (verdict.outcome === "needs-documents") {
    const finding = "the issuer's documents were not there to be looked at";
    return { ...base, outcome: "not-reached", finding };
  }
  if (verdict.outcome === "refused") {
    const refusal = named(name, verdict.refusal);
    return { ...base, outcome: "refused", finding: refusal.why, refusal };
  }
  return { ...base, outcome: "accepted", finding: verdict.finding, warnings: verdict.warnings };
}

/**
 * Rule by rule, what a relying party would find. Continues after a refusal as far as later rules can still be asked, so
 * that a person sees every fault at once; the vendor itself answers with the first refusal.
 */
export function explainBy<Facts, Known, Refusal extends RefusalWords, Answer>(
  rules: readonly Rule<Facts, Known, Refusal, Answer>[],
  facts: Facts,
  given: Partial<Known> = {},
): readonly RuleReport<Refusal>[] {
  return [...askRules(rules, facts, given)].map(reportOf);
}
