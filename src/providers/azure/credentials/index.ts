export { type AzureCredentials, callerOf, readCredentials } from "./read.ts";
export { AzureAccessTokens, type AzureTokenSource } from "./token.ts";
