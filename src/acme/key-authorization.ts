import { createHash } from "node:crypto";

/** RFC 8555 §8.1. `thumbprint` is the account key's. */
export function keyAuthorization(token: string, thumbprint: string): string {
  return `${token}.${thumbprint}`;
}

/** What DNS-01 publishes (RFC 8555 §8.4): base64url(SHA-256(key authorization)). */
export function dnsDigest(authorization: string): string {
  return createHash("sha256").update(authorization).digest("base64url");
}

/** The 32 bytes in the acmeIdentifier extension of TLS-ALPN-01 (RFC 8737 §3). */
export function alpnDigest(authorization: string): Buffer {
  return createHash("sha256").update(authorization).digest();
}
