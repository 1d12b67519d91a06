import { maxDiscovery } from "../rules/oidc/index.ts";
import { maxJwkSet } from "../rules/keys/index.ts";

/** Limits on the time and size of an issuer's document. */
export interface IssuerBounds {
  /** Milliseconds for each document, from the name lookup to the last byte. */
  readonly timeoutMs: number;
  /** Bytes. */
  readonly discoveryBytes: number;
  readonly jwksBytes: number;
}

/**
 * AWS's limits for an issuer, used by every reader here: five seconds per document (re:Post, "InvalidIdentityToken when
 * calling STS"), no redirect, status 200, TLS 1.2 or newer by public roots or a registered thumbprint. AWS publishes no
 * size; these hold a hundred RSA keys of any length and a hundred EC keys, its maximum.
 */
export const awsBounds: IssuerBounds = {
  timeoutMs: 5000,
  discoveryBytes: maxDiscovery,
  jwksBytes: maxJwkSet,
};
