import { PodtrustError, type Environment, setting } from "../../core/base/index.ts";
import { apiBase, isLoopback, mayGetCredential } from "../../core/http/index.ts";

const standard = "https://iam.googleapis.com";

/** gcloud's own variables (`gcloud topic configurations`, api_endpoint_overrides). */
const overrides = {
  sts: "CLOUDSDK_API_ENDPOINT_OVERRIDES_STS",
  iamcredentials: "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS",
} as const;

/**
 * The IAM API's base URL without a slash at its end: Google's own, or what gcloud's variable sets. Access tokens go
 * there, so plain http is for this machine alone. Throws `gcp-endpoint`.
 */
export function iamEndpoint(given: string | undefined): string {
  return overridden("CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM", given) ?? standard;
}

/** The base URL that one of gcloud's variables holds; undefined where it is not set. Throws `gcp-endpoint`. */
function overridden(variable: string, given: string | undefined): string | undefined {
  if (given === undefined || given === "") return undefined;
  const base = apiBase(given);
  if (base !== undefined) return base;
  throw new PodtrustError("gcp-endpoint", `what ${variable} holds is no https URL, nor one of this machine`);
}

/** Where tokens are exchanged. */
export interface ExchangeEndpoints {
  /** Of the Security Token Service, and of the IAM Credentials API, without a slash at their ends. */
  readonly sts: string;
  readonly iamcredentials: string;
}

/** Google's own, or what gcloud's variables say. Throws `gcp-endpoint`. */
export function exchangeEndpoints(env: Environment): ExchangeEndpoints {
  const of = (service: keyof typeof overrides): string =>
    overridden(overrides[service], setting(env, overrides[service])) ?? `https://${service}.googleapis.com`;
  return { sts: of("sts"), iamcredentials: of("iamcredentials") };
}

/** The services that a file of credentials may name, with their hosts and paths. */
const services = {
  oauth2: {
    host: /^(?:oauth2\.googleapis\.com|accounts\.google\.com|www\.googleapis\.com)$/u,
    path: /^\/(?:token|o\/oauth2\/token|oauth2\/v[34]\/token)$/u,
  },
  sts: { host: /^sts(?:\.[a-z0-9-]+\.rep)?\.googleapis\.com$/u, path: /^\/v1\/token$/u },
  iamcredentials: {
    host: /^iamcredentials(?:\.[a-z0-9-]+\.rep)?\.googleapis\.com$/u,
    path: /^\/v1\/projects\/-\/serviceAccounts\/[A-Za-z0-9@.-]{6,100}:generateAccessToken$/u,
  },
} as const;

/**
 * A URL of a file of credentials to which a token is sent: one of Google's own, or of this machine. A file is data, and
 * must not choose who else gets the token. Throws `gcp-credentials-invalid`.
 */
export function checkedGoogleUrl(text: string, service: keyof typeof services, member: string): string {
  const url = URL.parse(text);
  const { host, path } = services[service];
  const isGoogles = url?.protocol === "https:" && url.port === "" && host.test(url.hostname);
  if (mayGetCredential(url) && (isGoogles || isLoopback(url.hostname)) && path.test(url.pathname))
    return url.href;
  const sentence = `${member} in the file of credentials is no address of Google's for this: ${service}`;
  throw new PodtrustError("gcp-credentials-invalid", sentence, {
    next: "Make the file of credentials anew with gcloud, and change no address in it.",
    detail: { member },
  });
}

/** A URL from which a subject token is fetched: https, or this machine. Throws `gcp-credentials-unsupported`. */
export function checkedSourceUrl(text: string): string {
  const url = URL.parse(text);
  const isWithQuery = url !== null && url.username + url.password + url.hash === "";
  const isOpen = url?.protocol === "http:" && !isLoopback(url.hostname);
  if (isWithQuery && !isOpen && /^https?:$/u.test(url.protocol)) return url.href;
  throw new PodtrustError(
    "gcp-credentials-unsupported",
    "credential_source.url is neither https nor of this machine: a token would travel where others can read it",
  );
}
