/**
 * What a federated credential names as its audience, by Microsoft's clouds: each takes its own alone. Source:
 * https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust
 */
export const azureAudiences = {
  public: "api://AzureADTokenExchange",
  usgov: "api://AzureADTokenExchangeUSGov",
  china: "api://AzureADTokenExchangeChina",
} as const;
