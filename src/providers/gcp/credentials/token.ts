import { sign } from "node:crypto";
import {
  type Clock,
  defined,
  epochSeconds,
  PodtrustError,
  recordOf,
  textOf,
  base64urlJson,
} from "../../../core/base/index.ts";
import {
  AccessTokenCache,
  askTokenService,
  type HttpResponse,
  type IssuedToken,
  jsonOf,
  type TokenGrant,
} from "../../../core/http/index.ts";
import { google } from "../vendor.ts";
import { type ExternalAccountCredentials, subjectToken } from "./external-account.ts";
import type { AuthorizedUser, GoogleCredentials, ServiceAccountKey } from "./file.ts";

const cloudPlatform = "https://www.googleapis.com/auth/cloud-platform";
/** The scope of a federated token that is used for impersonation alone. */
const iamScope = "https://www.googleapis.com/auth/iam";

/** The JSON of a successful answer. */
const granted = (grant: TokenGrant, clock: Clock, signal: AbortSignal): Promise<HttpResponse> =>
  askTokenService(google, grant, clock, signal);

const maxAccessToken = 12_288;

/** The access token of an answer, in the form of OAuth. Throws `gcp-answer-invalid`. */
function accessTokenOf(response: HttpResponse, what: string): IssuedToken {
  const { access_token: token, expires_in: seconds = 60 } = recordOf(jsonOf(response));
  const isToken = typeof token === "string" && token.length <= maxAccessToken && /^[!-~]+$/u.test(token);
  if (isToken && typeof seconds === "number" && seconds > 0) return { value: token, livesMs: seconds * 1000 };
  throw new PodtrustError("gcp-answer-invalid", `the answer to ${what} holds no access token`);
}

/** A token of a service account for its own signature (RFC 7523 §2.1). */
async function byKey(account: ServiceAccountKey, clock: Clock, signal: AbortSignal): Promise<IssuedToken> {
  const { email, keyId, key, tokenUrl } = account;
  const now = epochSeconds(clock);
  const header = base64urlJson({ alg: "RS256", typ: "JWT", ...defined({ kid: keyId }) });
  const claims = { iss: email, scope: cloudPlatform, aud: tokenUrl, iat: now, exp: now + 3600 };
  const input = `${header}.${base64urlJson(claims)}`;
  const assertion = `${input}.${sign("sha256", Buffer.from(input), key).toString("base64url")}`;
  const form = { grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion };
  const what = `a token for ${email}`;
  const grant = { what, url: tokenUrl, body: new URLSearchParams(form).toString(), secrets: [assertion] };
  return accessTokenOf(await granted(grant, clock, signal), what);
}

async function byRefresh(user: AuthorizedUser, clock: Clock, signal: AbortSignal): Promise<IssuedToken> {
  const { clientId, clientSecret, refreshToken, tokenUrl } = user;
  const form = {
    grant_type: "refresh_token",
    client_id: clientId,
    client_secret: clientSecret,
    refresh_token: refreshToken,
  };
  const what = "a token for the logged in person";
  const secrets = [clientSecret, refreshToken];
  const grant = { what, url: tokenUrl, body: new URLSearchParams(form).toString(), secrets };
  return accessTokenOf(await granted(grant, clock, signal), what);
}

/** The service account's token for a federated one (IAM Credentials API, `generateAccessToken`). */
async function impersonated(
  { url, lifetimeSeconds }: NonNullable<ExternalAccountCredentials["impersonation"]>,
  federated: IssuedToken,
  clock: Clock,
  signal: AbortSignal,
): Promise<IssuedToken> {
  const email = /serviceAccounts\/([^:]+):/u.exec(url)?.[1] ?? "";
  const what = `a token for ${email}`;
  const answer = await granted(
    {
      what,
      url,
      headers: { "content-type": "application/json", authorization: `Bearer ${federated.value}` },
      body: JSON.stringify({ scope: [cloudPlatform], lifetime: `${lifetimeSeconds}s` }),
      secrets: [federated.value],
    },
    clock,
    signal,
  );
  const token = textOf(recordOf(jsonOf(answer))["accessToken"]) ?? "";
  if (token.length <= maxAccessToken && /^[!-~]+$/u.test(token))
    return { value: token, livesMs: lifetimeSeconds * 1000 };
  throw new PodtrustError("gcp-answer-invalid", `the answer to ${what} holds no access token`);
}

/** A token of the security token service (RFC 8693), and the service account's for it where the file names one. */
async function byExchange(
  account: ExternalAccountCredentials,
  clock: Clock,
  signal: AbortSignal,
): Promise<IssuedToken> {
  return exchangedToken(account, await subjectToken(account, signal), clock, signal);
}

/**
 * The same with a given token. Throws `gcp-credentials-refused`, whose detail has Google's code and message, and
 * others.
 */
export async function exchangedToken(
  account: Omit<ExternalAccountCredentials, "kind" | "source">,
  token: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<IssuedToken> {
  const { audience, subjectTokenType, tokenUrl, impersonation } = account;
  const form = {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
    audience,
    scope: impersonation === undefined ? cloudPlatform : iamScope,
    subject_token_type: subjectTokenType,
    subject_token: token,
  };
  const what = "the exchange of a token";
  const grant = { what, url: tokenUrl, body: new URLSearchParams(form).toString(), secrets: [token] };
  const federated = accessTokenOf(await granted(grant, clock, signal), what);
  return impersonation === undefined ? federated : impersonated(impersonation, federated, clock, signal);
}

function newToken(credentials: GoogleCredentials, clock: Clock, signal: AbortSignal): Promise<IssuedToken> {
  if (credentials.kind === "service_account") return byKey(credentials, clock, signal);
  if (credentials.kind === "authorized_user") return byRefresh(credentials, clock, signal);
  return byExchange(credentials, clock, signal);
}

/** The access tokens of one set of credentials. */
export function accessTokensOf(credentials: GoogleCredentials, clock: Clock): AccessTokenCache {
  return new AccessTokenCache((signal) => newToken(credentials, clock, signal), clock);
}
