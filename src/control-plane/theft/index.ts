export {
  beginTheft,
  endTheft,
  type EndTheftDeps,
  type KeyReplacement,
  type TheftProgress,
} from "./end-theft.ts";
export { openTheft, type OpenedTheft, type OpenTheftOptions } from "./open.ts";
export type { KeyEndProof } from "./prove.ts";
export type { TheftServer } from "./theft-server.ts";
