import type { Rule, RuleSpec, VendorAnswer, VendorRefusal } from "../judge/index.ts";
import type { ExchangeFacts, ExchangeLearned } from "./facts.ts";

/** One rule by which Google's token exchange accepts a token. */
export type ExchangeRule = Rule<ExchangeFacts, ExchangeLearned, VendorRefusal, VendorAnswer>;

/** A rule that is asked only once all that it needs is known, which makes this widening of its type true. */
export function exchangeRule<const Need extends keyof ExchangeLearned>(
  spec: RuleSpec<ExchangeFacts, ExchangeLearned, VendorRefusal, VendorAnswer, Need>,
): ExchangeRule {
  return spec as unknown as ExchangeRule;
}
