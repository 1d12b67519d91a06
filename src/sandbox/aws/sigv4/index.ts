export { type KnownAccessKey, verifyRequest, type VerifyOptions } from "./verify.ts";
