import { maxDiscovery } from "../rules/oidc/index.ts";
import { maxJwkSet } from "../rules/keys/index.ts";

/** How long and how large a document of an issuer may be. */
export interface IssuerBounds {
  /** Milliseconds for each document, from the look-up of the name to the last byte. */
  readonly timeoutMs: number;
  /** Bytes. */
  readonly discoveryBytes: number;
  readonly jwksBytes: number;
}

/**
 * What AWS grants an issuer, the same for all that reads one: five seconds a document (re:Post, "InvalidIdentityToken
 * when calling STS"), no redirect, status 200, TLS 1.2 or newer by public roots or a registered thumbprint. AWS
 * publishes no size; these hold a hundred RSA keys of any length and a hundred EC keys, the most that it takes.
 */
export const awsBounds: IssuerBounds = {
  timeoutMs: 5000,
  discoveryBytes: maxDiscovery,
  jwksBytes: maxJwkSet,
};
