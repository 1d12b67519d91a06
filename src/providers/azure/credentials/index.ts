export { type AzureCredentials, callerOf, readCredentials } from "./read.ts";
export { AzureAccessTokens, type AzureTokenPlace } from "./token.ts";
