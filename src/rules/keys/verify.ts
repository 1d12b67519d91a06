import { Buffer } from "node:buffer";
import { type KeyObject, verify } from "node:crypto";
import { type JsonRecord, isRecord } from "../../core/base/index.ts";
import { type AlgorithmFacts, algorithms, isAlgorithm, type Jws } from "../oidc/index.ts";
import { publicKeyOf } from "./jwk.ts";
import { rsaProblem } from "./rsa-problem.ts";

/** The part of a token that a signature is about. */
export type SignedParts = Pick<Jws, "alg" | "signingInput" | "signature" | "critical">;

function usableKey(jwk: JsonRecord, facts: AlgorithmFacts): KeyObject | undefined {
  if (jwk["kty"] !== facts.kty || jwk["crv"] !== facts.curve) return undefined;
  if (jwk["use"] !== undefined && jwk["use"] !== "sig") return undefined;
  const key = publicKeyOf(jwk);
  return key === undefined || rsaProblem(key) !== undefined ? undefined : key;
}

/**
 * Whether the signature is this key's, for RS256/384/512 and ES256/384/512 (RFC 7518 §3.3, §3.4). False, never an
 * error, for everything else: another alg (also `none` and HS*), a key of another type or curve, an RSA key below 2048
 * bits or one with which anyone could sign (`rsaProblem`), a key for encryption, a token with critical extensions, of
 * which we know none. The JWK's own alg is not looked at, as AWS does not. Which key to ask, and what the claims say,
 * is for the caller to decide.
 */
export function verifyJws(jws: SignedParts, jwk: unknown): boolean {
  if (!isAlgorithm(jws.alg) || jws.critical.length > 0 || !isRecord(jwk)) return false;
  const facts = algorithms[jws.alg];
  if (facts.signatureBytes !== undefined && jws.signature.byteLength !== facts.signatureBytes) return false;
  const key = usableKey(jwk, facts);
  if (key === undefined) return false;
  return verify(facts.hash, Buffer.from(jws.signingInput), { key, dsaEncoding: "ieee-p1363" }, jws.signature);
}
