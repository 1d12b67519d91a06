export { addKey, exclude, type NewKey, promotable, promote, remove, seenPublished } from "./changes.ts";
export {
  claimsRefusal,
  type ClaimsRefusal,
  claimsRefusalReasons,
  type ClaimsRefusalReason,
  type ClaimsRules,
  maxClaims,
} from "./claims.ts";
export { currentOf, emptyRing, keyOf, type SignerKeyState, nextOf, type Ring, type RingKey } from "./ring.ts";
export { endpointPatch, type PatchOperation } from "./patch.ts";
export { algorithmOf, parseRing, renderRing } from "./stored.ts";
