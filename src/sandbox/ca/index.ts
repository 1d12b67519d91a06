export { startStandInCa } from "./ca.ts";
export { type CaFault, type CaResource, type StandInCa, type StandInCaOptions } from "./types.ts";
