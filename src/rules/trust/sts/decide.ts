import { defined } from "../../../core/base/index.ts";
import { explainBy, judgeBy, type KeyChecks } from "../../judge/index.ts";
import type { WebIdentityFacts } from "./facts.ts";
import { grantOf } from "./grant.ts";
import type { StsRuleReport, WebIdentityDecision } from "./outcome.ts";
import type { LearnedFacts, StsRule } from "./rule.ts";
import { stsRules } from "./rules/index.ts";

/**
 * Decides AssumeRoleWithWebIdentity: the first rule that refuses gives the answer. `needs-documents` means that no rule
 * refused before the issuer's documents are needed; fetch them and ask again.
 */
export function decideWebIdentity(facts: WebIdentityFacts, keyChecks: KeyChecks): WebIdentityDecision {
  return decideBy(stsRules, facts, { keyChecks });
}

/** The same by any list of rules; TypeError when one comes before what it needs. */
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

/**
 * Rule by rule, what AWS would find. Without `keyChecks`, as in a browser, the rules that choose a key and verify the
 * signature are not reached.
 */
export function explainWebIdentity(facts: WebIdentityFacts, keyChecks?: KeyChecks): readonly StsRuleReport[] {
  return explainBy(stsRules, facts, defined({ keyChecks }));
}
