export { openRotation, type OpenedRotation } from "./open.ts";
export { type Publication, publicationOf } from "./publication.ts";
export type { RotationView } from "./look.ts";
export type { OnWait } from "./settle.ts";
export type { Sights } from "./sights.ts";
export { Rotation, type RotationDeps } from "./rotation.ts";
export type { RotatedServer, RotationAlgorithm, ServerLook } from "./rotated-server.ts";
export { answerTheft, dilemmaOf, evictHit, theftOf } from "./theft.ts";
