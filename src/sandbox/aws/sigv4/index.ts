export { type KnownKey, verifyRequest, type VerifyOptions } from "./verify.ts";
