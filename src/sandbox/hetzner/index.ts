export {
  type HetznerContents,
  type StandInHetzner,
  type StandInHetznerOptions,
  startStandInHetzner,
} from "./hetzner.ts";
