export { type Algorithm, algorithms, isAlgorithm } from "./algorithm.ts";
export {
  type DiscoveryDocument,
  type DiscoveryInput,
  largestDiscovery,
  parseDiscovery,
  renderDiscovery,
} from "./discovery.ts";
export { discoveryUrlOf, iamProviderKey, type Issuer, parseIssuer } from "./issuer.ts";
export { type IssuerDifference, issuerDifference, type IssuerNames } from "./issuer-difference.ts";
export { canonicalIssuer } from "./issuer-parts.ts";
export { type IssuerProblem, issuerProblems, longestIssuer } from "./issuer-problems.ts";
export { jwkThumbprint, kubernetesKid, publicJwk, type PublicJwk, publicKeyOf } from "./jwk.ts";
export { rsaProblem } from "./rsa-problem.ts";
export { type JwkSet, largestJwkSet, mostKeysOfType, parseJwkSet, renderJwkSet } from "./jwk-set.ts";
export { type Jws, type JwsLimits, longestToken, parseJws } from "./jws.ts";
export {
  awsJwksCacheSeconds,
  awsSkewSeconds,
  forgottenAt,
  type Instant,
  type JwksCaches,
  type RotationInput,
  rotationTimeline,
  type RotationTimeline,
} from "./rotation.ts";
export {
  namespaceProblem,
  parseSubject,
  type ServiceAccountName,
  serviceAccountProblem,
  serviceAccountSubject,
} from "./subject.ts";
export { type SignedParts, verifyJws } from "./verify.ts";
