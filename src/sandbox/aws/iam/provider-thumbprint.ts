import { errorText } from "../../../core/base/index.ts";
import { type IssuerRoute, judgeIssuer, readIssuer } from "../../../issuer/index.ts";
import { AwsError } from "../wire/error.ts";
import type { FetchThumbprint } from "./context.ts";

function communicationError(message: string, why: string): AwsError {
  return new AwsError("OpenIdIdpCommunicationError", message, {
    rule: "issuer-reachable",
    why,
    next: "Give a thumbprint, or create the provider once its issuer answers.",
  });
}

/**
 * Fetches, as IAM does when no thumbprint is given, the SHA-1 of the last certificate that the host of the JWK Set
 * sends. Unlike IAM it requires a chain to a trusted root. `wayTo` says how an issuer is reached from here.
 */
export function thumbprintFetcher(routeTo: (issuer: string) => Promise<IssuerRoute>): FetchThumbprint {
  return async (issuer) => {
    const reading = await readIssuer(issuer, { route: await routeTo(issuer) });
    const { discovery, jwks } = reading;
    for (const one of [discovery, jwks]) {
      if (one?.outcome !== "failed") continue;
      const message = `Could not connect to openid configuration of provider: ${issuer}`;
      throw communicationError(message, errorText(one.error));
    }
    const judged = judgeIssuer(reading);
    const last = jwks?.exchange.tls?.chain.at(-1);
    if (judged.discovery !== undefined && last !== undefined) return last.sha1;
    throw communicationError(
      `Please check .well-known/openid-configuration of provider: ${issuer} is valid.`,
      judged.findings.map(({ seen }) => seen).join("; "),
    );
  };
}
