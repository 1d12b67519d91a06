export { type KnownAccessKey, verifyRequest, type VerifySignatureOptions } from "./verify.ts";
