import { explainBy, judgeBy, type KeyChecks, type RuleReport, type VendorRefusal } from "../judge/index.ts";
import type { AssertionFacts, AssertionGrant, AssertionLearned } from "./facts.ts";
import type { AssertionRule } from "./rule.ts";
import { assertionRules } from "./rules/assertion.ts";
import { credentialRules } from "./rules/credential.ts";
import { keyRules } from "./rules/keys.ts";
import { requestRules, resource } from "./rules/request.ts";

/**
 * The rules by which Entra takes a federated assertion, in the order in which they are asked; the first that refuses
 * gives the answer. Entra does not document its order, and this one is ours, except for issuer, subject and audience.
 */
export const entraRules: readonly AssertionRule[] = [
  ...requestRules,
  ...assertionRules,
  ...credentialRules,
  ...keyRules,
  resource,
];

/** The outcome of a token request. */
export type AssertionDecision =
  | { readonly outcome: "accepted"; readonly grant: AssertionGrant }
  | { readonly outcome: "refused"; readonly refusal: VendorRefusal; readonly passed: readonly string[] }
  /** No rule has refused so far: fetch the issuer's documents and ask again with them. */
  | { readonly outcome: "needs-documents"; readonly issuer: string; readonly passed: readonly string[] };

/** Decides a token request with a federated assertion: the first rule that refuses gives the answer. */
export function decideAssertion(facts: AssertionFacts, keyChecks: KeyChecks): AssertionDecision {
  const judged = judgeBy(entraRules, facts, { keyChecks });
  if (judged.outcome === "refused") return judged;
  // Every rule so far has accepted, and so everything that they find is known.
  const { credential, resource: name, claims } = judged.known as AssertionLearned;
  if (judged.outcome === "accepted") return { outcome: "accepted", grant: { credential, resource: name } };
  return { outcome: "needs-documents", issuer: claims.iss, passed: judged.passed };
}

/** The outcome of a token request with a client secret. */
export type SecretDecision =
  | { readonly outcome: "accepted"; readonly resource: string }
  | { readonly outcome: "refused"; readonly refusal: VendorRefusal };

/**
 * Decides a token request with a client secret, which the caller has compared: the rules of every request, the secret, and
 * last the resource, in our order. `wrong`: what a secret that is not the client's is refused with.
 */
export function decideSecret(facts: AssertionFacts, wrong?: VendorRefusal): SecretDecision {
  const judged = judgeBy(requestRules, facts);
  if (judged.outcome === "refused") return judged;
  if (wrong !== undefined) return { outcome: "refused", refusal: wrong };
  const asked = judgeBy([resource], facts, judged.known);
  if (asked.outcome === "refused") return asked;
  const { resource: name } = asked.known as AssertionLearned;
  return { outcome: "accepted", resource: name };
}

/** Rule by rule, what Entra would find. */
export function explainAssertion(
  facts: AssertionFacts,
  keyChecks: KeyChecks,
): readonly RuleReport<VendorRefusal>[] {
  return explainBy(entraRules, facts, { keyChecks });
}
