export { challengeFacts, hasPort80 } from "./challenge.ts";
export { nearbyFacts } from "./nearby.ts";
export { originFacts } from "./origin.ts";
