export { denyAllArn, type IamArn, readArn, roleArnForm } from "./arn.ts";
export {
  type Algorithm,
  type AlgorithmFacts,
  algorithms,
  isAlgorithm,
  minRsaBits,
  maxRsaBits,
  defaultAlgorithm,
} from "./algorithm.ts";
export {
  type DiscoveryDocument,
  type DiscoveryInput,
  maxDiscovery,
  parseDiscovery,
  renderDiscovery,
} from "./discovery.ts";
export { readDocument, renderDocument, shown } from "./document.ts";
export { discoveryUrlOf, type DocumentName, iamProviderKey, type Issuer, parseIssuer } from "./issuer.ts";
export { type IssuerDifference, issuerDifference, type IssuerNames } from "./issuer-difference.ts";
export { canonicalIssuer } from "./issuer-parts.ts";
export { type IssuerProblem, issuerProblems } from "./issuer-problems.ts";
export {
  boundsOf,
  type DocumentsForParty,
  federatedParties,
  type FederatedParty,
  fetchedFor,
  keyMemoryText,
  maxIssuer,
  maxKeysOfType,
  partyProblems,
  relyingParties,
  type PartyCloud,
  type RelyingPartyBounds,
  type RelyingPartyName,
  takesUploads,
  uploadedFor,
  type UploadedParty,
} from "./relying-parties.ts";
export { base64urlBytes, type Jws, type JwsLimits, maxToken, parseJws, tokenLimits } from "./jws.ts";
export {
  awsSkewSeconds,
  forgottenAt,
  type Instant,
  type JwksCaches,
  type RotationInput,
  rotationTimeline,
  type RotationTimeline,
} from "./rotation.ts";
export { type RefusedTokens, refusedText, refusedTokens } from "./refused-tokens.ts";
export { answeredGoogleEmail, azureForms, azureGuid, googleForms } from "./vendor-ids.ts";
export {
  namespaceProblem,
  parseSubject,
  type ServiceAccountName,
  serviceAccountProblem,
  serviceAccountSubject,
  subjectOfAccount,
} from "./subject.ts";
