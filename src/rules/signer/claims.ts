import { isRecord, type JsonRecord } from "../../core/base/index.ts";
import { parseSubject } from "../oidc/index.ts";

/** Bytes of claims, base64url: a token of a pod with all that Kubernetes names has less than two thousand. */
export const maxClaims: number = 48 * 1024;

function readClaims(claims: string): JsonRecord | undefined {
  if (!/^[A-Za-z0-9_-]+$/u.test(claims)) return undefined;
  try {
    const read: unknown = JSON.parse(Buffer.from(claims, "base64url").toString("utf8"));
    return isRecord(read) ? read : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Why claims are not signed; undefined for those of a ServiceAccount's token. An API server asks for nothing else, so
 * that a compromised one gets no token of another subject, and none that outlives the maximum. `maxSeconds` is the
 * longest life of a token.
 */
export function claimsProblem(claims: string, maxSeconds: number): string | undefined {
  if (claims.length > maxClaims) return `the claims have more than ${maxClaims} bytes`;
  const read = readClaims(claims);
  if (read === undefined) return "the claims are no JSON object in base64url";
  const { iss, sub, iat, exp } = read;
  if (typeof iss !== "string" || iss === "") return "the claims name no issuer";
  if (typeof sub !== "string" || parseSubject(sub) === undefined) return "the subject is no ServiceAccount";
  if (typeof iat !== "number" || typeof exp !== "number") return "the claims say nothing of their life";
  const life = exp - iat;
  if (!(life > 0 && life <= maxSeconds)) return `a token may live ${maxSeconds} s, and not ${life}`;
  return undefined;
}
