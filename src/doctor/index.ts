import type { DoctorFacts } from "./facts.ts";
import { type DoctorReport, judgeIssuerFacts } from "./judge/index.ts";
import { mapTexts, withoutSecrets } from "./texts.ts";

export { type Bundle, bundleOf, bundleVersion, stackBundleKind } from "./bundle/write.ts";
export { factsOfBundle, isStackBundle, issuerFactsOf, maxBundle, readBundle } from "./bundle/read.ts";
export { maxDate, BundleValue } from "./bundle/schema.ts";
export { type DoctorOptions, gatherFacts } from "./gather.ts";
export { addressesIn, type DoctorFacts, type TokenFacts } from "./facts.ts";
export {
  type DoctorFinding,
  type DoctorReport,
  type Excluded,
  type PartyReport,
  type Symptom,
  symptomOf,
  type Verdict,
} from "./judge/index.ts";
export { withLateness } from "./lateness.ts";
export { mapTexts, redacted, withoutSecrets } from "./texts.ts";

/** What the facts of an issuer mean, without what may not be shown of them. Pure: a bundle's mean the same. */
export function reportOf(facts: DoctorFacts): DoctorReport {
  return mapTexts(judgeIssuerFacts(facts), withoutSecrets);
}
