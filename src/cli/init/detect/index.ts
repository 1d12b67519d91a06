export { sightRegion } from "./aws.ts";
export { type FoundCluster, isPublic, sightContexts, sightServer } from "./cluster.ts";
export { initEnded } from "./softly.ts";
export { type DetectedSurroundings, sightSurroundings } from "./surroundings.ts";
export type { FoundZone } from "./zones.ts";
