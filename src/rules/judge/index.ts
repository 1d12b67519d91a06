export {
  accepted,
  filled,
  refusedWith,
  type VendorAnswer,
  type VendorRefusal,
  type VendorWords,
} from "./answer.ts";
export { explainBy, judgeBy, type RulesOutcome } from "./ask.ts";
export { type Description, parseDescription, requiredText, textList, textMap } from "./description.ts";
export { type IssuerDocuments, jwkEntries, keysOfIssuer } from "./documents.ts";
export type { Jwk, KeyChecks } from "./key-checks.ts";
export type { Evidence, RefusalWords, Rule, RuleReport, RuleSpec, RuleVerdict } from "./rule.ts";
export { moment } from "./moment.ts";
export { tried } from "./tried.ts";
// The words of the rules show values as the readers of documents do.
export { shown } from "../oidc/index.ts";
