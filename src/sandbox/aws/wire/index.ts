export { type Control, controlPath } from "./control.ts";
export { AwsError } from "./error.ts";
export type { Arrival, Gate, WireRequest } from "./gate.ts";
export {
  type Field,
  flag,
  type Input,
  integer,
  problemsText,
  readInput,
  required,
  structures,
  text,
  texts,
  type ValueOf,
} from "./input.ts";
export { performHere } from "./in-process.ts";
export { percentEncoded } from "./percent-encoding.ts";
export { startWire, type WireOptions } from "./server.ts";
export {
  type ServiceAction,
  action,
  type Call,
  type Decision,
  type Need,
  type Page,
  type PageResponse,
  type Service,
} from "./service.ts";
export type { Tenant, Tenants } from "./tenant.ts";
export type { RawRecord, Shape, Value } from "./value.ts";
