export { audiencesOf } from "./acceptance.ts";
export type {
  AccountTrust,
  AdoptionFacts,
  AuthenticationFacts,
  DocumentFacts,
  FamilyFacts,
  NewIssuer,
  OldTrust,
  ServerFacts,
} from "./facts.ts";
export { keptNotes, whyKept } from "./kept.ts";
export {
  holdersOf,
  type OldToken,
  oldTokens,
  type OldTokens,
  type OldTokensInput,
  tokensForApi,
} from "./old-tokens.ts";
export {
  adoptionRefusals,
  type AdoptionRefusal,
  adoptionWarnings,
  type Manner,
  mannerOf,
  undoRefusals,
} from "./refusals.ts";
export { type Restarts, restartsOf } from "./restarts.ts";
export {
  type AdoptionStep,
  adoptionSteps,
  type Prerequisite,
  finishSteps,
  type Gone,
  nextStep,
  oldIssuers,
  type ServerFlags,
  type ServerStep,
  undoSteps,
} from "./steps.ts";
export { type IssuerInAccount, statementsToAdd } from "./trust-statement.ts";
