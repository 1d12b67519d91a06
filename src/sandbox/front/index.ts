export type { FrontFiles } from "./files.ts";
export {
  type Front,
  type FrontAnswer,
  type FrontOptions,
  type FrontRequest,
  type FrontSite,
  openFront,
} from "./front.ts";
export { type FrontEndpoint, type Language, languages } from "./languages.ts";
export { javaTrustStore } from "./jks.ts";
