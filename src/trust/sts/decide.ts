import { type Asked, askRules } from "./ask.ts";
import type { WebIdentityFacts } from "./facts.ts";
import { grantOf } from "./grant.ts";
import type { RuleReport, WebIdentityDecision } from "./outcome.ts";
import type { Known, StsRule } from "./rule.ts";
import { stsRules } from "./rules/index.ts";

/**
 * Decides AssumeRoleWithWebIdentity: the first rule that refuses speaks. `needs-documents` means that nothing was
 * wrong before the issuer's documents are looked at; fetch them and ask again.
 */
export function decideWebIdentity(facts: WebIdentityFacts): WebIdentityDecision {
  return decideBy(stsRules, facts);
}

/** The same by any list of rules; TypeError when one stands before what it needs. */
export function decideBy(rules: readonly StsRule[], facts: WebIdentityFacts): WebIdentityDecision {
  const passed: string[] = [];
  let known: Partial<Known> = {};
  for (const asked of askRules(rules, facts)) {
    const { rule } = asked;
    if ("lacks" in asked)
      throw new TypeError(`rule ${rule.name} comes before what it needs: ${asked.lacks.join(", ")}`);
    known = asked.known;
    const { verdict } = asked;
    if (verdict.outcome === "refused") {
      return { outcome: "refused", refusal: { rule: rule.name, ...verdict.refusal }, passed };
    }
    if (verdict.outcome === "needs-documents") {
      const { provider, jws } = known as Known;
      return {
        outcome: "needs-documents",
        issuer: `https://${provider.url}`,
        provider,
        kid: jws.kid,
        passed,
      };
    }
    passed.push(rule.name);
  }
  // Every rule has accepted, and so everything is known.
  return { outcome: "accepted", grant: grantOf(facts, known as Known) };
}

function reportOf(asked: Asked): RuleReport {
  const { name, title } = asked.rule;
  const base = { rule: name, title, warnings: [] };
  if ("lacks" in asked) {
    return {
      ...base,
      outcome: "not-reached",
      finding: "could not be looked at, because of what was refused above",
    };
  }
  const { verdict } = asked;
  if (verdict.outcome === "needs-documents") {
    return {
      ...base,
      outcome: "not-reached",
      finding: "the issuer's documents were not there to be looked at",
    };
  }
  if (verdict.outcome === "refused") {
    const refusal = { rule: name, ...verdict.refusal };
    return { ...base, outcome: "refused", finding: refusal.why, refusal };
  }
  return { ...base, outcome: "accepted", finding: verdict.finding, warnings: verdict.warnings };
}

/**
 * Rule by rule, what AWS would find. Goes on after a refusal as far as later rules can still be asked, so that a
 * person sees every fault at once; AWS itself answers with the first one that is refused.
 */
export function explainWebIdentity(facts: WebIdentityFacts): readonly RuleReport[] {
  return [...askRules(stsRules, facts)].map(reportOf);
}
