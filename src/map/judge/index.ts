export { type Breakage, breakageOf, type Loss } from "./breakage.ts";
export type { MapAccess, MapKeyState, MapFinding, MapLink, MapNode, NodeKind, TrustMap } from "./graph.ts";
export { trustMap } from "./map.ts";
