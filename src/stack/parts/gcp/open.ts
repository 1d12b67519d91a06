import { callerOf, GoogleApi, iamEndpoint, readCredentials } from "../../../providers/gcp/index.ts";
import type { PartContext } from "../part.ts";

/** Google's IAM API as the environment says it is reached, and as whom. */
export interface OpenedGoogle {
  readonly api: GoogleApi;
  readonly endpoint: string;
  readonly caller: string;
}

/** Opens it, and makes sure that the credentials are good for a token. Throws `gcp-*`. */
export async function openGoogle({ env, clock }: PartContext, signal: AbortSignal): Promise<OpenedGoogle> {
  const endpoint = iamEndpoint(env["CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM"]);
  const credentials = await readCredentials(env);
  const api = new GoogleApi({ endpoint, credentials, clock });
  await api.checkCredentials(signal);
  return { api, endpoint, caller: callerOf(credentials) };
}
