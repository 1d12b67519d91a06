import { type RuleResult, askRules, judgeBy } from "./ask.ts";
import type { WebIdentityFacts } from "./facts.ts";
import { grantOf } from "./grant.ts";
import type { KeyChecks } from "./key-checks.ts";
import type { RuleReport, WebIdentityDecision } from "./outcome.ts";
import type { LearnedFacts, StsRule } from "./rule.ts";
import { stsRules } from "./rules/index.ts";

/**
 * Decides AssumeRoleWithWebIdentity: the first rule that refuses speaks. `needs-documents` means that nothing was
 * wrong before the issuer's documents are looked at; fetch them and ask again.
 */
export function decideWebIdentity(facts: WebIdentityFacts, keyChecks: KeyChecks): WebIdentityDecision {
  return decideBy(stsRules, facts, { keyChecks });
}

/** The same by any list of rules; TypeError when one stands before what it needs. */
export function decideBy(
  rules: readonly StsRule[],
  facts: WebIdentityFacts,
  given: Partial<LearnedFacts> = {},
): WebIdentityDecision {
  const judged = judgeBy(rules, facts, given);
  if (judged.outcome === "refused") return judged;
  // Every rule so far has accepted, and so everything that they find is known.
  const known = judged.known as LearnedFacts;
  if (judged.outcome === "accepted") return { outcome: "accepted", grant: grantOf(facts, known) };
  const { provider, jws } = known;
  const issuer = `https://${provider.url}`;
  return { outcome: "needs-documents", issuer, provider, kid: jws.kid, passed: judged.passed };
}

function reportOf(asked: RuleResult): RuleReport {
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
 * person sees every fault at once; AWS itself answers with the first one that is refused. Without `keyChecks`, as in a
 * browser, the rules that choose a key and verify the signature are not reached.
 */
export function explainWebIdentity(facts: WebIdentityFacts, keyChecks?: KeyChecks): readonly RuleReport[] {
  const given = keyChecks === undefined ? {} : { keyChecks };
  return [...askRules(stsRules, facts, given)].map(reportOf);
}
