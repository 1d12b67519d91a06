import { type ConsentEnvironment, firstVariable, requireConsentTo } from "../../core/credentials/index.ts";

const originOf = (url: string): string | undefined => (URL.canParse(url) ? new URL(url).origin : undefined);

/** The variables by which a person names S3's address beside the credentials (AWS SDKs, "Service-specific endpoints"). */
const named = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"] as const;

/** Credentials as the SDK has them. */
interface Signing {
  readonly sessionToken?: string | undefined;
}

/**
 * Credentials for an endpoint that a config names. A secret key signs and stays here; a session token is sent with each
 * request. So a token goes to an endpoint that the environment names too, and to another after a person's yes. The provider
 * throws `credential-elsewhere`.
 */
export function sessionsFor<T extends Signing>(
  endpoint: string,
  provider: () => Promise<T>,
  environment: ConsentEnvironment,
): () => Promise<T> {
  return async () => {
    const found = await provider();
    const given = firstVariable(named, environment.env)?.value ?? "";
    if (found.sessionToken === undefined || originOf(given) === originOf(endpoint)) return found;
    await requireConsentTo(
      {
        credential: "aws",
        what: "the session token of the credentials for AWS",
        to: endpoint,
        why: "a config names this endpoint of S3, and AWS_ENDPOINT_URL_S3 does not",
        instead: `Set AWS_ENDPOINT_URL_S3=${endpoint} beside the credentials, or use a long-lived key of that service.`,
      },
      environment,
    );
    return found;
  };
}
