export { callerOf, type GoogleCredentials, parseCredentials, readCredentials } from "./file.ts";
export { AccessTokens } from "./token.ts";
