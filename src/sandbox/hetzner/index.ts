export type { HetznerContents, StandInHetzner } from "./hetzner.ts";
export type { StandInHetznerOptions } from "./options.ts";
export { startStandInHetzner } from "./start.ts";
export type { MachineMaker, MachineOrder, StandInMachine } from "./machines.ts";
