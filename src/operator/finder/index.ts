export type { EvictionLimits } from "./evictions.ts";
export { accountOf, Finder, type FaultyPod, type InjectionView } from "./finder.ts";
