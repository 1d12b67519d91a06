import { Buffer } from "node:buffer";
import { X509Certificate } from "node:crypto";
import { publicKeyOf } from "./jwk.ts";
import { rsaProblem } from "./rsa-problem.ts";
import { verifyJws } from "./verify.ts";

type Jwk = Readonly<Record<string, unknown>>;

/** Whether a certificate (base64 of its DER, as in x5c; RFC 7517 §4.7) is of this key. */
function isCertificateOf(certificate: string, jwk: Jwk): boolean {
  const key = publicKeyOf(jwk);
  if (key === undefined) return false;
  try {
    return new X509Certificate(Buffer.from(certificate, "base64")).publicKey.equals(key);
  } catch {
    return false;
  }
}

/** Why nothing can be verified with a JWK (`rsaProblem`); undefined for a good one, and for one that is no key. */
function weakness(jwk: Jwk): string | undefined {
  const key = publicKeyOf(jwk);
  return key === undefined ? undefined : rsaProblem(key);
}

/** The arithmetic of keys, as the rules of trust/ ask for it. */
export const keyChecks = {
  isPublicKey: (jwk: Jwk): boolean => publicKeyOf(jwk) !== undefined,
  isCertificateOf,
  weakness,
  verifies: verifyJws,
} as const;
