export type { EvictionLimits } from "./evictions.ts";
export { accountOf, Finder, type FoundPod, type InjectionView } from "./finder.ts";
