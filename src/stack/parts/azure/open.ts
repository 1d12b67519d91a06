import type { AzureTenant } from "../../../config/index.ts";
import {
  AzureAccessTokens,
  type AzureApi,
  azureApi,
  type AzureEndpoints,
  azureEndpoints,
  callerOf,
  readCredentials,
} from "../../../providers/azure/index.ts";
import { relyingParties } from "../../../rules/oidc/index.ts";
import type { PartContext } from "../part.ts";
import type { TenantApis } from "./resources.ts";

/** Access to the APIs of one section's tenant, with the environment's credentials. */
export interface OpenTenant {
  readonly apis: TenantApis;
  readonly at: AzureEndpoints;
  readonly caller: string;
}

/** Checks that the credentials yield tokens for all that the section needs. Throws `azure-*`. */
export async function openTenant(
  { env, clock, azureCli }: PartContext,
  { tenant, cloud, identities }: AzureTenant,
  signal: AbortSignal,
): Promise<OpenTenant> {
  const home = relyingParties.azure.clouds[cloud];
  const at = azureEndpoints(home, env);
  const credentials = await readCredentials(env, azureCli);
  const tokens = new AzureAccessTokens({ login: at.login, tenant, credentials }, clock);
  const apiOf = (service: "graph" | "management"): AzureApi =>
    azureApi({ endpoint: at[service], resource: home[service], tokens, clock });
  const apis = { management: apiOf("management"), graph: apiOf("graph") };
  await apis.management.checkCredentials(signal);
  if (identities.some(({ kind }) => kind === "application")) await apis.graph.checkCredentials(signal);
  return { apis, at, caller: callerOf(credentials) };
}
