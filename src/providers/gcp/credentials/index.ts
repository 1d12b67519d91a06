export { callerOf, type GoogleCredentials, parseCredentials, readCredentials } from "./file.ts";
export { accessTokensOf, exchangedToken } from "./token.ts";
