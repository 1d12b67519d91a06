import { PodtrustError, type Environment, setting } from "../../core/base/index.ts";
import { apiBase } from "../../core/http/index.ts";
import type { PartyCloud } from "../../rules/oidc/index.ts";

/** The API addresses of a tenant's cloud, each without a slash at its end. */
export interface AzureEndpoints {
  readonly login: string;
  readonly management: string;
  readonly graph: string;
}

/**
 * The variables that set another address: the first is of Azure's SDKs, the second of Azure Service Operator, the third
 * ours.
 */
const variables = {
  login: "AZURE_AUTHORITY_HOST",
  management: "AZURE_RESOURCE_MANAGER_ENDPOINT",
  graph: "AZURE_GRAPH_ENDPOINT",
} as const;

/** Secrets and access tokens go there, so plain http is for this machine alone. */
function checked(text: string, variable: string): string {
  const base = apiBase(text);
  if (base !== undefined) return base;
  throw new PodtrustError(
    "azure-endpoint",
    `what ${variable} holds is no https URL, nor one of this machine`,
    {
      detail: { variable },
    },
  );
}

/** The hosts of a cloud, except those that the environment sets. Throws `azure-endpoint`. */
export function azureEndpoints(cloud: PartyCloud, env: Environment): AzureEndpoints {
  const place = (service: keyof typeof variables): string => {
    const given = setting(env, variables[service]) ?? "";
    const own = service === "login" ? cloud.authority : cloud[service];
    return checked(given === "" ? own : given, variables[service]);
  };
  return { login: place("login"), management: place("management"), graph: place("graph") };
}
