export type { PublisherKey } from "./facts.ts";
export { gatherMap, type MapOptions } from "./gather/gather.ts";
export { type Breakage, breakageOf, trustMap, type TrustMap } from "./judge/index.ts";
export { mapPage } from "./page/index.ts";
export { type ServedMap, serveMap } from "./serve.ts";
