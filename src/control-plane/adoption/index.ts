export {
  checkRefusals,
  finishAdoption,
  runAdoption,
  undoAdoption,
  type AdoptionMove,
  adoptionMoves,
} from "./carry.ts";
export type { Working } from "./change-server.ts";
export type { IssuerChecker } from "./checkers.ts";
export type { OtherPublisher } from "./documents.ts";
export {
  type AdoptionContext,
  type AdoptionReading,
  type Dependents,
  gatherAdoption,
  type Scope,
} from "./gather.ts";
export { type AdoptionReport, judgeAdoption, timeText } from "./judge.ts";
export type { LegacyTokenSecret } from "../tokens/index.ts";
export { checkUnanswered, putBackUnasked, unasked } from "./put-back.ts";
export { findStopped, putBackStopped } from "./stopped.ts";
