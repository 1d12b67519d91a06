export { gatherMap, type MapOptions } from "./gather.ts";
