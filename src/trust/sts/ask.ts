import type { WebIdentityFacts } from "./facts.ts";
import type { Known, StsRule, Verdict } from "./rule.ts";

/** A rule's verdict, or what it lacks to be asked. */
export type Asked =
  | { readonly rule: StsRule; readonly verdict: Verdict; readonly known: Partial<Known> }
  | { readonly rule: StsRule; readonly lacks: readonly (keyof Known)[] };

/** Asks every rule in order, each with what those before it found; stops for nobody, so that its reader may. */
export function* askRules(rules: readonly StsRule[], facts: WebIdentityFacts): Generator<Asked> {
  const known: Partial<Known> = {};
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
