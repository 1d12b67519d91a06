export {
  type HetznerContents,
  type StandInHetzner,
  type StandInHetznerOptions,
  startStandInHetzner,
} from "./hetzner.ts";
export type { MachineMaker, MachineOrder, ServerMachine } from "./machines.ts";
