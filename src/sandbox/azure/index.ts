export { type StandInAzureAlone, type StandInAzureOptions, startStandInAzure } from "./alone.ts";
export { type AzureDecision, openAzure, type OpenedAzure, type StandInAzure } from "./azure.ts";
export type { AzureCloud } from "./hosts.ts";
export { azureForms, type AzureOptions } from "./options.ts";
export type { AzureClient, AzureSeed, SeedCredential } from "./seed.ts";
