import { explainBy, judgeBy, type KeyChecks, type RuleReport, type VendorRefusal } from "../judge/index.ts";
import type { ExchangeFacts, ExchangeLearned, FederatedGrant } from "./facts.ts";
import { membersOf, principalOf } from "./names.ts";
import type { ExchangeRule } from "./rule.ts";
import { identityRules } from "./rules/identity.ts";
import { keyRules } from "./rules/keys.ts";
import { requestRules } from "./rules/request.ts";
import { tokenRules } from "./rules/token.ts";

/**
 * The rules by which Google's token exchange accepts a token, in the order in which they are asked; the first that
 * refuses gives the answer. Google does not document its order, and this one is ours: the target, the token, its keys,
 * who it is.
 */
export const exchangeRules: readonly ExchangeRule[] = [
  ...requestRules,
  ...tokenRules,
  ...keyRules,
  ...identityRules,
];

/** In which order the rules are asked: `ours`, or with issuer, keys and signature before audience and time. */
export type CheckOrder = "keys-first" | "ours";

const isOfClaims = ({ name }: ExchangeRule): boolean =>
  name === "subject-token-audience" || name === "subject-token-time";

const orders: Readonly<Record<CheckOrder, readonly ExchangeRule[]>> = {
  ours: exchangeRules,
  "keys-first": [
    ...requestRules,
    ...tokenRules.filter((rule) => !isOfClaims(rule)),
    ...keyRules,
    ...tokenRules.filter(isOfClaims),
    ...identityRules,
  ],
};

/** Seconds of an access token at most. */
const maxSeconds = 3600;

/** The outcome of an exchange. */
export type ExchangeDecision =
  | { readonly outcome: "accepted"; readonly grant: FederatedGrant }
  | { readonly outcome: "refused"; readonly refusal: VendorRefusal; readonly passed: readonly string[] }
  /** No rule has refused so far: fetch the issuer's documents and ask again with them. */
  | { readonly outcome: "needs-documents"; readonly issuer: string; readonly passed: readonly string[] };

function grantOf(now: number, { name, identity, expires }: ExchangeLearned): FederatedGrant {
  return {
    principal: principalOf(name, identity.subject),
    identity,
    members: membersOf(name, identity),
    expiresIn: Math.max(0, Math.min(expires - now, maxSeconds)),
  };
}

/** Decides a token exchange: the first rule that refuses gives the answer. Google does not document its order. */
export function decideExchange(
  facts: ExchangeFacts,
  keyChecks: KeyChecks,
  order: CheckOrder = "ours",
): ExchangeDecision {
  const judged = judgeBy(orders[order], facts, { keyChecks });
  if (judged.outcome === "refused") return judged;
  // Every rule so far has accepted, and so everything that they find is known.
  const known = judged.known as ExchangeLearned;
  if (judged.outcome === "accepted") return { outcome: "accepted", grant: grantOf(facts.now, known) };
  return { outcome: "needs-documents", issuer: known.provider.issuerUri, passed: judged.passed };
}

/** Rule by rule, what Google would find. */
export function explainExchange(
  facts: ExchangeFacts,
  keyChecks: KeyChecks,
): readonly RuleReport<VendorRefusal>[] {
  return explainBy(exchangeRules, facts, { keyChecks });
}
