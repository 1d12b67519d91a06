import { defined, mapped } from "../../core/base/index.ts";
import { providerAudience } from "../../rules/gcp/index.ts";
import type { Settings } from "./options.ts";

/** Content of a credential file. */
export interface CredentialFile {
  readonly pool: string;
  readonly provider: string;
  /** The file with the ServiceAccount's token. */
  readonly tokenFile: string;
  /** The service account that is impersonated; absent: direct access. */
  readonly serviceAccount?: string;
  /**
   * Seconds that the service account's token lives.
   *
   * @default 3600
   */
  readonly lifetime?: number;
}

/**
 * The file that Google's libraries read (AIP-4117, `external_account`), with the stand-in's own address in place of
 * Google's hosts. Java's library requires https there, so it uses a proxy.
 */
export function credentialFile(url: string, settings: Settings, wanted: CredentialFile): object {
  const { pool, provider, tokenFile, serviceAccount, lifetime } = wanted;
  const { projectNumber } = settings;
  return {
    universe_domain: "googleapis.com",
    type: "external_account",
    audience: providerAudience({ projectNumber, pool, provider }),
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    token_url: `${url}/v1/token`,
    ...(serviceAccount === undefined
      ? {}
      : {
          service_account_impersonation_url: `${url}/v1/projects/-/serviceAccounts/${serviceAccount}:generateAccessToken`,
          ...defined({
            service_account_impersonation: mapped(lifetime, (seconds) => ({
              token_lifetime_seconds: seconds,
            })),
          }),
        }),
    credential_source: { file: tokenFile, format: { type: "text" } },
  };
}
