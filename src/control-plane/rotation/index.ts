export { openRotation, type OpenedRotation } from "./open.ts";
export { type Publication, publicationOf } from "./publication.ts";
export type { RotationView } from "./look.ts";
export { Rotation, type RotationDeps } from "./rotation.ts";
export type { RotatedServer, RotationAlgorithm, ServerLook } from "./rotated-server.ts";
export { answerTheft, dilemmaOf, evictHit, theftOf } from "./theft.ts";
