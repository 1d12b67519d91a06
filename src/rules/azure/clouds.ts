import { relyingParties } from "../oidc/index.ts";

const { public: everywhere, usgov, china } = relyingParties.azure.clouds;

/** What a federated credential names as its audience, by Microsoft's clouds: each takes its own alone. */
export const azureAudiences = {
  public: everywhere.audience,
  usgov: usgov.audience,
  china: china.audience,
} as const;
