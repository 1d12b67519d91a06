export { detectRegion } from "./aws.ts";
export { type DetectedCluster, isPublic, detectContexts, detectServer } from "./cluster.ts";
export { initEnded } from "./detect.ts";
export { type DetectedSurroundings, detectSurroundings } from "./surroundings.ts";
export type { WritableZone } from "./zones.ts";
