export type { KeyFiles, LegacyToken, RotationFacts, RotationTimes, ServerKeys, Sight } from "./facts.ts";
export {
  emptyRecord,
  isSealed,
  type KeyRecord,
  parseRecord,
  parseShownRecord,
  type QuietRecord,
  recordEnd,
  recordNext,
  recordPromotion,
  recordTheft,
  recordWithdrawal,
  rememberedOf,
  type RotationRecord,
  type SealedKey,
  shownRecordText,
} from "./record.ts";
export { observe } from "./observe.ts";
export { type KeyAcross, keyAcross, keysAcross, type RotationState } from "./key-states.ts";
export { isUnderWay, judgeAbort, judgePrepare, judgePromote } from "./moves.ts";
export {
  type AcceptedLoss,
  judgeFinishPublication,
  judgeFinishVerifiers,
  oldestPrevious,
  quietMs,
  refusedOf,
} from "./finish.ts";
export { type MoveRefusal, type MoveRefusalReason, type MoveVerdict } from "./verdict.ts";
export { keysInDatastore, storedKeysRefusal, toCopyFirst } from "./stored-keys.ts";
export { type FileTarget, prepareSteps, removeSteps, type ServerTarget, signSteps } from "./targets.ts";
export {
  afterTheftText,
  atOnceText,
  ownCredentials,
  secretsText,
  stillTakenText,
  theftProgressText,
} from "./theft-text.ts";
export {
  type KeyEndProof,
  type RecordedTheft,
  recordedTheft,
  theftProgress,
  type TheftProgress,
  type TheftWay,
  unitedThefts,
} from "./theft-record.ts";
export {
  cleanNext,
  type KeySources,
  type Taint,
  taintedAt,
  type TaintedKey,
  taintedKeys,
  type TaintedServer,
  taintText,
} from "./tainted.ts";
export {
  atSignerText,
  freshAtSigner,
  leftAtSigner,
  type SignedServer,
  shownAtSignerText,
  type SignerSights,
  signerStepsText,
  taintedAtSigner,
} from "./signer-theft.ts";
export { openTexts, partyRowText, type Withdrawal } from "./party-rows.ts";
export {
  type HitPod,
  hitPods,
  judgeTheft,
  maxSessionMs,
  type Theft,
  type TheftAnswer,
  type TheftFacts,
  theftText,
} from "./stolen.ts";
export { blankRecord, knowsNoRotation, type ServerRecord, unitedRecords } from "./server-record.ts";
export type { ServerClocks } from "./moments.ts";
export { observedIssuers, signedAs, type SigningIssuers, unsignedSince } from "./issuer-record.ts";
export { checkedEarlier, type NextHalf, recordedChanges, rotationRecordOf } from "./remembered.ts";
export { readServerRecord, serverRecordText } from "./server-record-text.ts";
