import { type Environment, setting } from "../../../core/base/index.ts";
import { type ConsentEnvironment, requireConsentTo } from "../../../core/credentials/index.ts";
import { isLoopback } from "../../../core/http/index.ts";

const googles = /(?:^|\.)(?:googleapis|google)\.com$/u;
const variable = "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM";

const urlOf = (text: string | undefined): URL | undefined => URL.parse(text ?? "") ?? undefined;

/** GitHub gives a job its token there (GitHub, "About security hardening with OpenID Connect"). */
const isGithubs = (url: URL, env: Environment): boolean =>
  urlOf(setting(env, "ACTIONS_ID_TOKEN_REQUEST_URL"))?.origin === url.origin;

function isKnown(url: URL, env: Environment): boolean {
  if (isLoopback(url.hostname)) return isLoopback(urlOf(setting(env, variable))?.hostname ?? "");
  return googles.test(url.hostname) || isGithubs(url, env);
}

/**
 * A file of credentials is data that others may have written: each of its addresses is Google's, this machine's where the
 * environment has Google's API here too, GitHub's in a job of GitHub's, or one that a person agreed to. Throws
 * `credential-elsewhere`.
 */
export async function requireKnownAddresses(
  addresses: readonly string[],
  environment: ConsentEnvironment,
): Promise<void> {
  for (const address of addresses) {
    const url = new URL(address);
    if (isKnown(url, environment.env)) continue;
    await requireConsentTo(
      {
        credential: "google-subject-token",
        what: "what the file of GOOGLE_APPLICATION_CREDENTIALS says",
        to: `${url.origin}${url.pathname}`,
        why: "this address in it is not Google's",
        instead: isLoopback(url.hostname)
          ? `If Google's API is on this machine, set ${variable}.`
          : "Make the file anew with gcloud, with a token in a file.",
      },
      environment,
    );
  }
}
