export { AwsError, type AwsErrorOptions, type FaultType } from "./error.ts";
export { type DispatchOptions } from "./dispatch.ts";
export { type Gate, headerOf, type WireRequest } from "./gate.ts";
export {
  type Field,
  flag,
  type Input,
  integer,
  type ListLimits,
  type NumberLimits,
  type Problem,
  problemsText,
  readInput,
  required,
  structures,
  text,
  type TextLimits,
  texts,
  type ValueOf,
} from "./input.ts";
export {
  type Action,
  action,
  type ActionOf,
  type Call,
  type Decision,
  type DecisionNotes,
  type Need,
  type Page,
  type PageRequest,
  type PageResponse,
  type Result,
  type Service,
} from "./service.ts";
export type { Raw, RawRecord, Shape, Value } from "./value.ts";
export { startWire, type WireOptions, type WireServer } from "./server.ts";
