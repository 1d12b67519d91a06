import type { Rule, RuleSpec, VendorAnswer, VendorRefusal } from "../judge/index.ts";
import type { AssertionFacts, AssertionLearned } from "./facts.ts";

/** One rule by which Entra takes a federated assertion. */
export type AssertionRule = Rule<AssertionFacts, AssertionLearned, VendorRefusal, VendorAnswer>;

/** A rule that is asked only once all that it needs is known, which makes this widening of its type true. */
export function assertionRule<const Need extends keyof AssertionLearned>(
  spec: RuleSpec<AssertionFacts, AssertionLearned, VendorRefusal, VendorAnswer, Need>,
): AssertionRule {
  return spec as unknown as AssertionRule;
}

/** An answer with its number: `AADSTS<number>: text`. */
export function aadsts(
  number: number,
  code: string,
  answer: Pick<VendorAnswer, "evidence" | "otherNumbers" | "text" | "when"> & { readonly status?: number },
): VendorAnswer {
  const { text, status = code === "invalid_client" ? 401 : 400 } = answer;
  return { ...answer, code, number, status, text: `AADSTS${number}: ${text}` };
}
