import type { Jws } from "../oidc/index.ts";

/** A key of a JWK Set, as the issuer serves it. */
export type Jwk = Readonly<Record<string, unknown>>;

/**
 * The arithmetic of keys. The caller supplies it, since rules have none: so they run in a browser too. In Node it is
 * the `keyChecks` of keys/.
 */
export interface KeyChecks {
  /** Whether the members make a public RSA or EC key. */
  readonly isPublicKey: (jwk: Jwk) => boolean;
  /** Whether a certificate is of this key; base64 of its DER, as in x5c (RFC 7517 §4.7). */
  readonly isCertificateOf: (certificate: string, jwk: Jwk) => boolean;
  /** Why nothing can be verified with a key, as part of a sentence; undefined for a good one. */
  readonly weakness: (jwk: Jwk) => string | undefined;
  /** Whether the key has signed the token, by RFC 7518 §3.3 and §3.4. */
  readonly verifies: (jws: Jws, jwk: Jwk) => boolean;
}
