import { gatherFacts, type DoctorOptions } from "./gather.ts";
import { type DoctorReport, judgeIssuerFacts } from "./judge/index.ts";

export type { DoctorOptions } from "./gather.ts";
export type { TokenFacts } from "./facts.ts";
export {
  type DoctorFinding,
  type DoctorReport,
  type PartyReport,
  type Symptom,
  symptomOf,
  type Verdict,
} from "./judge/index.ts";

/** Looks at anybody's issuer and says what is wrong with it, and what is not. Throws only the signal's reason. */
export async function examineIssuer(options: DoctorOptions): Promise<DoctorReport> {
  return judgeIssuerFacts(await gatherFacts(options));
}
