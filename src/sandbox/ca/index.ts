export {
  type CaFault,
  type CaResource,
  type StandInCa,
  type StandInCaOptions,
  startStandInCa,
} from "./ca.ts";
