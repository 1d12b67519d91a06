import type { FrontRequest } from "../front/index.ts";
import { type AzureCloud, clouds } from "./hosts.ts";
import type { AzureContext } from "./service.ts";
import type { EntraTenant } from "./tenant.ts";

/** `GET /{tenant}/v2.0/.well-known/openid-configuration`. */
function configuration(cloud: AzureCloud, tenant: EntraTenant): object {
  const { login, graph } = clouds[cloud];
  const base = `https://${login[0]}/${tenant.settings.tenant}`;
  return {
    token_endpoint: `${base}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ["client_secret_post", "private_key_jwt"],
    jwks_uri: `${base}/discovery/v2.0/keys`,
    issuer: `${base}/v2.0`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
    response_types_supported: ["code", "id_token"],
    subject_types_supported: ["pairwise"],
    id_token_signing_alg_values_supported: ["RS256"],
    tenant_region_scope: "EU",
    cloud_instance_name: login[0].replace(/^login\./u, ""),
    msgraph_host: graph,
  };
}

/** `GET /common/discovery/instance`: the aliases of each cloud, which MSAL's libraries ask for before anything else. */
export function instance(cloud: AzureCloud, { url }: FrontRequest): object {
  const { login } = clouds[cloud];
  const [, wanted = "common"] =
    /^https:\/\/[^/]+\/([^/]+)/u.exec(url.searchParams.get("authorization_endpoint") ?? "") ?? [];
  return {
    tenant_discovery_endpoint: `https://${login[0]}/${encodeURIComponent(wanted)}/v2.0/.well-known/openid-configuration`,
    "api-version": "1.1",
    metadata: Object.values(clouds).map(({ login: names }) => ({
      preferred_network: names[0],
      preferred_cache: names.at(names.length > 2 ? 2 : -1),
      aliases: names,
    })),
  };
}

/** A document of a tenant, by its path. */
export async function documentOf(
  path: string,
  cloud: AzureCloud,
  { tenant, tokens }: AzureContext,
): Promise<object | undefined> {
  if (path === "/v2.0/.well-known/openid-configuration") return configuration(cloud, tenant);
  return path === "/discovery/v2.0/keys" ? tokens.keySet() : undefined;
}
