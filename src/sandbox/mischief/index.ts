export { Mischief, type MischiefChance, type MischiefKinds, type MischiefRule } from "./mischief.ts";
export { openMischievousApi, type TransportMischief } from "./server.ts";
