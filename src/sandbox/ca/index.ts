export { caFaultForm, caForm } from "./forms.ts";
export { startAuthority } from "./start.ts";
export {
  type CaAnswer,
  type CaFault,
  type CaLie,
  type CaResource,
  type StandInCa,
  type StandInCaOptions,
} from "./types.ts";
