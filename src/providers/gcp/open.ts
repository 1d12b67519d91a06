import { type Clock, PodtrustError, setting } from "../../core/base/index.ts";
import type { ConsentEnvironment } from "../../core/credentials/index.ts";
import { providerAudience, type ProviderName } from "../../rules/gcp/index.ts";
import { type GoogleApi, googleApi } from "./api.ts";
import { callerOf, type GoogleCredentials, readCredentials } from "./credentials/file.ts";
import { iamEndpoint } from "./endpoint.ts";

/** IAM's API, and the caller it is asked as. */
export interface OpenedGoogle {
  readonly api: GoogleApi;
  /** The API's base, where it is not Google's own. */
  readonly elsewhere?: string;
  readonly caller: string;
  readonly credentials: GoogleCredentials;
}

/**
 * Opens Google's IAM API with the environment's credentials. Throws `gcp-endpoint`, `credential-elsewhere` and
 * `gcp-credentials-*`.
 */
export async function openGoogle(environment: ConsentEnvironment, clock: Clock): Promise<OpenedGoogle> {
  const endpoint = iamEndpoint(setting(environment.env, "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM"));
  const credentials = await readCredentials(environment);
  const api = googleApi({ endpoint, credentials, clock });
  const elsewhere = endpoint === iamEndpoint(undefined) ? {} : { elsewhere: endpoint };
  return { api, caller: callerOf(credentials), credentials, ...elsewhere };
}

/** Whether credentials are tokens that this very provider has to accept. */
function dependOn(credentials: GoogleCredentials, name: ProviderName): boolean {
  return credentials.kind === "external_account" && credentials.audience === providerAudience(name);
}

/** The warning about credentials that depend on the provider whose keys they upload; undefined for others. */
export function lockoutWarning(credentials: GoogleCredentials, name: ProviderName): string | undefined {
  if (!dependOn(credentials, name)) return undefined;
  return `the credentials for Google are tokens of the very issuer whose keys they upload to the provider ${name.provider}: once a key signs that the provider does not have, Google refuses them, and only podtrust publish keys with credentials of your own helps`;
}

/**
 * What was thrown, explained where credentials depend on the provider whose keys they are to upload: once a key signs
 * that the provider does not have, no token of the cluster can upload it.
 */
export function lockedOut(thrown: unknown, credentials: GoogleCredentials, name: ProviderName): unknown {
  if (!(thrown instanceof PodtrustError) || thrown.code !== "gcp-credentials-refused") return thrown;
  if (!dependOn(credentials, name)) return thrown;
  const sentence = `the provider ${name.provider} refuses the token of its own issuer, by which its keys are uploaded: ${thrown.message}`;
  return new PodtrustError("gcp-keys-locked-out", sentence, {
    cause: thrown,
    detail: { provider: name.provider, pool: name.pool },
  });
}
