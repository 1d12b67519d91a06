import { type Clock, defined, PodtrustError, textOf } from "../../core/base/index.ts";
import { providerAudience, type ProviderName } from "../../rules/gcp/index.ts";
import { exchangedToken } from "./credentials/token.ts";
import type { ExchangeEndpoints } from "./endpoint.ts";

/** What Google answered to a ServiceAccount's token. */
export type Exchanged =
  | { readonly outcome: "accepted" }
  /** Google's own code and words. */
  | { readonly outcome: "refused"; readonly code: string; readonly message: string };

/** The provider of the token, and what it is exchanged for. */
export interface ExchangeInput {
  readonly name: ProviderName;
  readonly jwt: string;
  /** The service account to become; absent: the federated token alone is asked for. */
  readonly email?: string;
}

/** Seconds: the minimum that all services accept, since the token is thrown away. */
const lifetimeSeconds = 60;

/**
 * Exchanges a token as a workload does, and impersonates the service account. The result is not shown; it ends within a
 * minute, or with the exchanged token. Throws `gcp-unreachable` and others where Google gave no answer of its own.
 */
export async function tryExchange(
  { sts, iamcredentials }: ExchangeEndpoints,
  { name, jwt, email }: ExchangeInput,
  clock: Clock,
  signal: AbortSignal,
): Promise<Exchanged> {
  const url =
    email === undefined
      ? undefined
      : `${iamcredentials}/v1/projects/-/serviceAccounts/${encodeURIComponent(email)}:generateAccessToken`;
  const account = {
    audience: providerAudience(name),
    subjectTokenType: "urn:ietf:params:oauth:token-type:jwt",
    tokenUrl: `${sts}/v1/token`,
    ...defined({ impersonation: url === undefined ? undefined : { url, lifetimeSeconds } }),
  };
  try {
    await exchangedToken(account, jwt, clock, signal);
    return { outcome: "accepted" };
  } catch (thrown) {
    if (!(thrown instanceof PodtrustError) || thrown.code !== "gcp-credentials-refused") throw thrown;
    const { code, message } = thrown.detail;
    return { outcome: "refused", code: textOf(code) ?? "", message: textOf(message) ?? "" };
  }
}
