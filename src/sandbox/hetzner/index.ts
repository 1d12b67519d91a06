export type { HetznerContents, StandInHetzner, StandInHetznerOptions } from "./hetzner.ts";
export { startStandInHetzner } from "./start.ts";
export type { MachineMaker, MachineOrder, StandInMachine } from "./machines.ts";
