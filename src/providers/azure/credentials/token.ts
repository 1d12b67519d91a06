import {
  type Clock,
  epochSeconds,
  PodtrustError,
  recordOf,
  retry,
  type RetrySchedule,
  textOf,
} from "../../../core/base/index.ts";
import {
  isHeldByProxy,
  AccessTokenCache,
  ApiUnanswered,
  type HttpResponse,
  type IssuedToken,
  jsonOf,
  request,
  saidWords,
} from "../../../core/http/index.ts";
import { askAzureCli } from "./azure-cli.ts";
import { type AzureCredentials, readAssertion } from "./read.ts";

/** Where access tokens come from. */
export interface AzureTokenSource {
  /** Entra's base, without a slash at its end. */
  readonly login: string;
  readonly tenant: string;
  readonly credentials: AzureCredentials;
}

const passing: RetrySchedule = {
  name: "Entra gave no answer, and is asked again within half a minute",
  delays: [500, 1500, 4000, 8000],
  giveUpAfter: 30_000,
};

/** An answer that is no token. OAuth's errors are two texts (RFC 6749 §5.2), of which Entra's second begins with its number. */
function refusalOf(response: HttpResponse, what: string, secrets: readonly string[]): unknown {
  const { status } = response;
  const { error, error_description: description } = recordOf(jsonOf(response));
  const texts = [error, description].map((one) => saidWords(textOf(one) ?? "", secrets));
  const said = texts.filter((one) => one !== "").join(": ");
  const words = said === "" ? `status ${status}` : said;
  if (status >= 500 || status === 429) return new ApiUnanswered(words);
  return new PodtrustError("azure-credentials-refused", `Entra refused ${what}: ${words}`, {
    detail: { status },
  });
}

type Form = Readonly<Record<string, string>>;

/** What asking for a token takes. */
interface Asking {
  readonly place: AzureTokenSource;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Asks the token endpoint, and retries where the service fails. `secrets`: texts of the form that no message may hold.
 */
async function granted(
  { place: { login, tenant }, clock, signal }: Asking,
  form: Form,
  secrets: readonly string[],
): Promise<HttpResponse> {
  const what = `a token for application ${form["client_id"]}`;
  const url = `${login}/${tenant}/oauth2/v2.0/token`;
  const ask = async (): Promise<HttpResponse> => {
    const response = await request(url, {
      method: "POST",
      headers: {
        accept: "application/json",
        "user-agent": "podtrust",
        "content-type": "application/x-www-form-urlencoded",
      },
      body: new URLSearchParams(form).toString(),
      timeoutMs: 20_000,
      maxBytes: 64 * 1024,
      allowPlainHttp: url.startsWith("http:"),
      signal,
    }).catch((error: unknown) => {
      if (signal.aborted) throw error;
      throw new ApiUnanswered(error instanceof Error ? error.message : String(error), { cause: error });
    });
    if (response.status !== 200) throw refusalOf(response, what, secrets);
    return response;
  };
  const retryable = (error: unknown): boolean =>
    error instanceof ApiUnanswered && !signal.aborted && !isHeldByProxy(error);
  return retry(ask, { schedule: passing, clock, signal, retryable }).catch((error: unknown) => {
    if (!(error instanceof ApiUnanswered)) throw error;
    const code = error.cause === undefined ? "azure-unavailable" : "azure-unreachable";
    throw new PodtrustError(code, `${what}: ${error.message}`, { cause: error.cause });
  });
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
  const proof: Form =
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
  const answer = recordOf(jsonOf(await granted(asking, form, [secret])));
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
