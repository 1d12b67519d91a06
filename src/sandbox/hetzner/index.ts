export type { HetznerContents, StandInHetzner, StandInHetznerOptions } from "./hetzner.ts";
export { startStandInHetzner } from "./start.ts";
export type { MachineMaker, MachineOrder, ServerMachine } from "./machines.ts";
