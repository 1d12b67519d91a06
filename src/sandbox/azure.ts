/** The exports of `@podtrust/sandbox/azure`: the stand-in for Azure alone. */
export {
  type AzureClient,
  type AzureCloud,
  type AzureDecision,
  type AzureOptions,
  type AzureSeed,
  type SeedCredential,
  type StandInAzure,
  type StandInAzureAlone,
  type StandInAzureOptions,
  startStandInAzure,
} from "./azure/index.ts";
