import { errorText, PodtrustError } from "../../../base/index.ts";
import { type ConnectTo, request } from "../../../http/index.ts";
import { parseDiscovery } from "../../../oidc/index.ts";
import { AwsError } from "../wire/index.ts";
import type { FetchThumbprint } from "./context.ts";

export interface ThumbprintOptions {
  readonly connectTo?: readonly ConnectTo[];
  /** PEM certificates in place of the public roots. */
  readonly ca?: string;
}

function communicationError(message: string, cause: unknown): AwsError {
  return new AwsError("OpenIdIdpCommunicationError", message, {
    rule: "issuer-reachable",
    why: errorText(cause),
    next: "Give a thumbprint, or create the provider once its issuer answers.",
    cause,
  });
}

/**
 * Fetches, as IAM does when no thumbprint is given, the SHA-1 of the last certificate that the host of the JWK
 * Set sends. Unlike IAM it asks for a chain that a root vouches for.
 */
export function thumbprintFetcher(options: ThumbprintOptions): FetchThumbprint {
  const exchange = { ...options, timeoutMs: 5000, maxBytes: 256 * 1024 };
  return async (issuer) => {
    const url = `${issuer.replace(/\/$/u, "")}/.well-known/openid-configuration`;
    try {
      const answer = await request(url, exchange);
      if (answer.status !== 200) {
        throw new PodtrustError("discovery-invalid", `${url} answers with status ${answer.status}`);
      }
      const keys = await request(parseDiscovery(answer.body).jwksUri, exchange);
      const last = keys.tls?.chain.at(-1);
      if (last === undefined) throw new PodtrustError("http-tls", `${url}: no certificate was sent`);
      return last.sha1;
    } catch (error) {
      if (error instanceof PodtrustError && error.code === "discovery-invalid") {
        throw communicationError(
          `Please check .well-known/openid-configuration of provider: ${issuer} is valid.`,
          error,
        );
      }
      throw communicationError(`Could not connect to openid configuration of provider: ${issuer}`, error);
    }
  };
}
