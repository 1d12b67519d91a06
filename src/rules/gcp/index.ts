export { CelError, celExpression, celValue, expressionNames } from "./cel/index.ts";
export {
  type CheckOrder,
  decideExchange,
  type ExchangeDecision,
  exchangeRules,
  explainExchange,
} from "./decide.ts";
export { type DescribedTarget, readDescribedTarget } from "./description.ts";
export type {
  ExchangeFacts,
  ExchangeRequest,
  FederatedGrant,
  GoogleProvider,
  ImpersonationFacts,
  ResourceState,
} from "./facts.ts";
export { explainImpersonation, impersonationRules } from "./impersonation.ts";
export {
  type MappedIdentity,
  membersOf,
  parseProviderName,
  poolOf,
  type PoolName,
  principalOf,
  providerAudience,
  providerPath,
  type ProviderName,
} from "./names.ts";
export {
  describedKeys,
  keysForUpload,
  keysInPlaceOf,
  sameUpload,
  type UploadableKeys,
  uploadableKeys,
  type UploadedKeys,
  uploadedKids,
  uploadText,
} from "./upload.ts";
export { type Jwk, jwkEntries, keysOfIssuer } from "../judge/index.ts";
