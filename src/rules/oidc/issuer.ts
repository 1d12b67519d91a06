import { PodtrustError } from "../../core/base/index.ts";
import { issuerParts, withoutUserinfo } from "./issuer-parts.ts";
import { type IssuerProblem, issuerProblems } from "./issuer-problems.ts";
import { issuerWarnings } from "./issuer-warnings.ts";

/** The two documents that an issuer publishes. */
export type DocumentName = "discovery" | "jwks";

/** An issuer that AWS takes as the URL of an OIDC provider. */
export interface Issuer {
  /** Exactly what tokens carry in `iss`; nothing is normalised. */
  readonly url: string;
  /** As written: upper case stays. */
  readonly host: string;
  /** As written: `""`, `"/"`, `"/path"` and `"/path/"` are four different issuers. */
  readonly path: string;
  /** The name under which IAM keeps the provider: in its ARN and before `:sub` in a trust policy. */
  readonly providerKey: string;
  /** Where a relying party looks first. */
  readonly discoveryUrl: string;
  /** Where podtrust publishes the JWK Set by default otherwise: the path that Kubernetes uses. */
  readonly defaultJwksUri: string;
  /** Sentences about what is legal but often a mistake. */
  readonly warnings: readonly string[];
}

/**
 * The name of an OIDC provider in IAM for the URL it is registered with: without `https://` and without `:443`,
 * which IAM drops; all else, case and a final slash included, stays.
 */
export function iamProviderKey(url: string): string {
  return url.replace(/^https:\/\//u, "").replace(/^([^/]*):443(?=\/|$)/u, "$1");
}

/** Where a relying party looks first (Discovery 1.0 §4: a terminating slash is removed before the path is appended). */
export function discoveryUrlOf(issuer: string): string {
  return `${issuer.replace(/\/$/u, "")}/.well-known/openid-configuration`;
}

function summary(problems: readonly IssuerProblem[]): string {
  return problems.map((problem) => problem.message).join("; ");
}

/** Reads an issuer URL; throws `issuer-invalid` with every problem that keeps AWS from accepting it. */
export function parseIssuer(text: string): Issuer {
  const problems = issuerProblems(text);
  if (problems[0] !== undefined) {
    throw new PodtrustError("issuer-invalid", summary(problems), {
      next: problems[0].next,
      detail: { issuer: withoutUserinfo(text).slice(0, 300), problems },
    });
  }
  const { host, path } = issuerParts(text);
  return {
    url: text,
    host,
    path,
    providerKey: iamProviderKey(text),
    discoveryUrl: discoveryUrlOf(text),
    defaultJwksUri: `${text.replace(/\/$/u, "")}/openid/v1/jwks`,
    warnings: issuerWarnings(host),
  };
}
