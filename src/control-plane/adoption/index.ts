export { checkRefusals, finishAdoption, runAdoption, undoAdoption, type Working } from "./carry.ts";
export type { IssuerChecker } from "./checkers.ts";
export type { OtherPublisher } from "./documents.ts";
export { type AdoptionContext, type AdoptionReading, type Dependents, gatherAdoption } from "./gather.ts";
export { type AdoptionReport, judgeAdoption, timeText } from "./judge.ts";
export type { LegacyToken } from "../tokens/index.ts";
