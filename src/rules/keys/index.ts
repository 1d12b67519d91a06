export { keyChecks } from "./key-checks.ts";
export { jwkThumbprint, kubernetesKid, publicJwk, type PublicJwk, publicKeyOf } from "./jwk.ts";
export { privateMembers } from "./jwk-read.ts";
export { type JwkSet, maxJwkSet, parseJwkSet, renderJwkSet } from "./jwk-set.ts";
export { rsaProblem } from "./rsa-problem.ts";
export { type SignedParts, verifyJws } from "./verify.ts";
