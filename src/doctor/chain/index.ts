import { type DoctorReport, mapTexts, withoutSecrets } from "../index.ts";
import { type ChainFacts, judgeChain } from "../judge/index.ts";

export { type ChainFacts, judgeChain } from "../judge/index.ts";
export { reportOfStackBundle, stackBundleOf } from "./bundle.ts";
export { type ChainOptions, gatherChain } from "./gather.ts";

/** What the facts of a stack mean, without what may not be shown of them. Pure. */
export function stackReportOf(facts: ChainFacts): DoctorReport {
  return mapTexts(judgeChain(facts), withoutSecrets);
}
