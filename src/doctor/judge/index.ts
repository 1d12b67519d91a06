export { type DoctorFinding, type Excluded, type Verdict } from "./finding.ts";
export { type DoctorReport, judgeIssuerFacts, type PartyReport } from "./report.ts";
export { type Symptom, symptomOf } from "./symptom.ts";
export * from "./chain/index.ts";
