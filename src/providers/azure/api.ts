import type { Clock } from "../../core/base/index.ts";
import { ApiClient } from "../../core/http/index.ts";
import type { AzureAccessTokens } from "./credentials/token.ts";
import { azure } from "./vendor.ts";

/** One of Azure's APIs, and the credentials for it. */
export interface AzureAccess {
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** What its access tokens are for: the API's own address in its cloud. */
  readonly resource: string;
  readonly tokens: AzureAccessTokens;
  readonly clock: Clock;
}

/** Azure Resource Manager or Microsoft Graph. */
export type AzureApi = ApiClient<"Azure">;

/** Opens one of them. */
export function azureApi({ endpoint, resource, tokens, clock }: AzureAccess): AzureApi {
  return new ApiClient({ vendor: azure, endpoint, tokens: tokens.of(resource), clock });
}
