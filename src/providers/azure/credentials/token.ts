import { type Clock, epochSeconds, PodtrustError, recordOf } from "../../../core/base/index.ts";
import { AccessTokenCache, askTokenService, type IssuedToken, jsonOf } from "../../../core/http/index.ts";
import { azure } from "../vendor.ts";
import { askAzureCli } from "./azure-cli.ts";
import { type AzureCredentials, readAssertion } from "./read.ts";

/** Where access tokens come from. */
export interface AzureTokenSource {
  /** Entra's base, without a slash at its end. */
  readonly login: string;
  readonly tenant: string;
  readonly credentials: AzureCredentials;
}

/** What asking for a token takes. */
interface Asking {
  readonly place: AzureTokenSource;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The access token of an answer. Throws `azure-answer-invalid`, which never quotes it. */
function accessTokenOf(token: unknown, seconds: unknown, from: string): IssuedToken {
  const isToken = typeof token === "string" && /^[!-~]{1,32768}$/u.test(token);
  const lives = Number(seconds);
  if (isToken && Number.isFinite(lives) && lives > 0) return { value: token, livesMs: lives * 1000 };
  throw new PodtrustError("azure-answer-invalid", `the answer of ${from} holds no access token`);
}

/** By the client credentials grant, with a secret or with a federated token ("OAuth 2.0 client credentials flow"). */
async function byGrant(
  asking: Asking,
  credentials: Exclude<AzureCredentials, { kind: "azure-cli" }>,
  resource: string,
): Promise<IssuedToken> {
  const secret =
    credentials.kind === "secret" ? credentials.secret : await readAssertion(credentials.tokenFile);
  const proof: Readonly<Record<string, string>> =
    credentials.kind === "secret"
      ? { client_secret: secret }
      : {
          client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
          client_assertion: secret,
        };
  const form = {
    client_id: credentials.clientId,
    scope: `${resource}/.default`,
    grant_type: "client_credentials",
    ...proof,
  };
  const { place, clock, signal } = asking;
  const grant = {
    what: `a token for application ${credentials.clientId}`,
    url: `${place.login}/${place.tenant}/oauth2/v2.0/token`,
    body: new URLSearchParams(form).toString(),
    secrets: [secret],
  };
  const answer = recordOf(jsonOf(await askTokenService(azure, grant, clock, signal)));
  return accessTokenOf(answer["access_token"], answer["expires_in"] ?? 60, "Entra");
}

/** Older programs say no `expires_on`: then it is asked again soon, and gives the one that it keeps. */
async function byCli(
  { place: { tenant }, clock, signal }: Asking,
  env: Readonly<Record<string, string | undefined>>,
  resource: string,
): Promise<IssuedToken> {
  const answer = await askAzureCli({ env, tenant, resource }, signal);
  const ends = Number(answer["expires_on"]);
  const seconds = Number.isFinite(ends) ? ends - epochSeconds(clock) : 120;
  return accessTokenOf(answer["accessToken"], Math.max(seconds, 1), "az account get-access-token");
}

/** Access tokens of one set of credentials, by resource. */
export class AzureAccessTokens {
  readonly #place: AzureTokenSource;
  readonly #clock: Clock;
  readonly #caches = new Map<string, AccessTokenCache>();

  constructor(place: AzureTokenSource, clock: Clock) {
    this.#place = place;
    this.#clock = clock;
  }

  #issue(resource: string, signal: AbortSignal): Promise<IssuedToken> {
    const { credentials } = this.#place;
    const asking = { place: this.#place, clock: this.#clock, signal };
    return credentials.kind === "azure-cli"
      ? byCli(asking, credentials.env, resource)
      : byGrant(asking, credentials, resource);
  }

  /** Those of one resource, which throw `azure-*`. */
  of(resource: string): AccessTokenCache {
    const cache =
      this.#caches.get(resource) ?? new AccessTokenCache((own) => this.#issue(resource, own), this.#clock);
    this.#caches.set(resource, cache);
    return cache;
  }
}
