export { callerOf, type GoogleCredentials, parseCredentials, readCredentials } from "./file.ts";
export { AccessTokens, exchangedToken } from "./token.ts";
