export type { Authorization } from "./authorization.ts";
export { type KnownKey, verifyRequest, type VerifyOptions } from "./verify.ts";
