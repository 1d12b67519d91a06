import { type Clock, defined } from "../../core/base/index.ts";
import { ApiClient } from "../../core/http/index.ts";
import { accessTokensOf } from "./credentials/token.ts";
import type { GoogleCredentials } from "./credentials/file.ts";
import { google } from "./vendor.ts";

export interface GoogleAccess {
  /** The IAM API's base, as `iamEndpoint` gives it. */
  readonly endpoint: string;
  readonly credentials: GoogleCredentials;
  readonly clock: Clock;
}

/** Google's IAM API, version 1 (https://cloud.google.com/iam/docs/reference/rest). */
export type GoogleApi = ApiClient<"Google">;

/** Opens it. */
export function googleApi({ endpoint, credentials, clock }: GoogleAccess): GoogleApi {
  const tokens = accessTokensOf(credentials, clock);
  const headers = defined({ "x-goog-user-project": credentials.quotaProject });
  return new ApiClient({ vendor: google, endpoint, tokens, headers, clock });
}
