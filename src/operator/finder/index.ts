export type { EvictionLimits } from "./evictions.ts";
export { accountOf, Finder, type FoundPod, type View } from "./finder.ts";
