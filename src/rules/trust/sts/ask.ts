import type { WebIdentityFacts } from "./facts.ts";
import type { Refusal } from "./outcome.ts";
import type { LearnedFacts, StsRule, Verdict } from "./rule.ts";

/** A rule's verdict, or what it lacks to be asked. */
export type RuleResult =
  | { readonly rule: StsRule; readonly verdict: Verdict; readonly known: Partial<LearnedFacts> }
  | { readonly rule: StsRule; readonly lacks: readonly (keyof LearnedFacts)[] };

/**
 * Asks every rule in order, each with what those before it found; stops for nobody, so that its reader may. `given`
 * is what is known without the rules that would find it.
 */
export function* askRules(
  rules: readonly StsRule[],
  facts: WebIdentityFacts,
  given: Partial<LearnedFacts> = {},
): Generator<RuleResult> {
  const known: Partial<LearnedFacts> = { ...given };
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

/** What a list of rules comes to: the first refusal, or what is known where none refused. */
export type RulesOutcome =
  | { readonly outcome: "refused"; readonly refusal: Refusal; readonly passed: readonly string[] }
  | {
      /** `needs-documents`: nothing was wrong before the issuer's documents are looked at. */
      readonly outcome: "accepted" | "needs-documents";
      readonly known: Partial<LearnedFacts>;
      readonly passed: readonly string[];
    };

/** Asks rules in order until one refuses; TypeError when one stands before what it needs. */
export function judgeBy(
  rules: readonly StsRule[],
  facts: WebIdentityFacts,
  given: Partial<LearnedFacts> = {},
): RulesOutcome {
  const passed: string[] = [];
  let known = given;
  for (const asked of askRules(rules, facts, given)) {
    const { rule } = asked;
    if ("lacks" in asked)
      throw new TypeError(`rule ${rule.name} comes before what it needs: ${asked.lacks.join(", ")}`);
    const { verdict } = asked;
    known = asked.known;
    if (verdict.outcome === "refused")
      return { outcome: "refused", refusal: { rule: rule.name, ...verdict.refusal }, passed };
    if (verdict.outcome === "needs-documents") return { outcome: "needs-documents", known, passed };
    passed.push(rule.name);
  }
  return { outcome: "accepted", known, passed };
}
