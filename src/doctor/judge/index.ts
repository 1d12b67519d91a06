export { type DoctorFinding, type Excluded, type Verdict } from "./finding.ts";
export { type DoctorReport, judgeIssuerFacts, type PartyReport } from "./report.ts";
export { symptomOf } from "./symptom.ts";
export type { Symptom } from "./texts/index.ts";
export * from "./chain/index.ts";
