import { explainBy, judgeBy, type KeyChecks, type RuleReport, type VendorRefusal } from "../judge/index.ts";
import type { LoginFacts } from "./facts.ts";
import { loginRules } from "./rules.ts";

export { type DescribedLogin, readDescribedLogin, readJwtRole } from "./description.ts";
export type { JwtRole, LoginFacts } from "./facts.ts";
export { loginRules } from "./rules.ts";

/** Why OpenBao would refuse a login; undefined where it lets in, `needs-documents` where it depends on the issuer's keys. */
export function loginRefusal(
  facts: LoginFacts,
  keyChecks: KeyChecks,
): VendorRefusal | "needs-documents" | undefined {
  const judged = judgeBy(loginRules, facts, { keyChecks });
  if (judged.outcome === "refused") return judged.refusal;
  return judged.outcome === "accepted" ? undefined : judged.outcome;
}

/** Rule by rule, what OpenBao would find. */
export function explainLogin(facts: LoginFacts, keyChecks: KeyChecks): readonly RuleReport<VendorRefusal>[] {
  return explainBy(loginRules, facts, { keyChecks });
}
