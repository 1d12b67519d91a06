import { isRecord, type JsonRecord } from "../../core/base/index.ts";
import { parseSubject, shown } from "../oidc/index.ts";
import { memberFault } from "./members.ts";

/** Bytes of claims, base64url: a token of a pod with all that Kubernetes names has less than two thousand. */
export const maxClaims: number = 48 * 1024;

/** Seconds by which the API server's clock may differ: it is the same machine's, which may be set meanwhile. */
const maxSkew = 60;

/**
 * What an API server writes (pkg/serviceaccount/claims.go and jwt.go). Inside `kubernetes.io` it may write anything: no
 * relying party decides by that.
 */
const knownMembers = ["aud", "exp", "iat", "iss", "jti", "kubernetes.io", "nbf", "sub"];

/** Why claims are refused, as metrics have it: a closed set. */
export const claimsRefusalReasons = ["malformed", "twice", "member", "issuer", "subject", "time"] as const;

export type ClaimsRefusalReason = (typeof claimsRefusalReasons)[number];

/** Why claims are not signed. */
export interface ClaimsRefusal {
  readonly reason: ClaimsRefusalReason;
  /** What is wrong with which value; what the caller sent stands in it bounded. */
  readonly sentence: string;
  /** The unknown member as it is shown, if that is the reason. */
  readonly member?: string;
}

/** What a signer was started with. */
export interface ClaimsRules {
  /** The cluster's issuer; two while another one is adopted. */
  readonly issuers: readonly string[];
  /** The longest life of a token, in seconds. */
  readonly maxSeconds: number;
  /** Members that a person allowed, beside those that are known. */
  readonly allowed: readonly string[];
}

const refusal = (reason: ClaimsRefusalReason, sentence: string): ClaimsRefusal => ({ reason, sentence });

/** The JSON text of claims; undefined where their bytes are not exactly its base64url. */
function textOfClaims(claims: string): string | undefined {
  if (!/^[A-Za-z0-9_-]+$/u.test(claims)) return undefined;
  const bytes = Buffer.from(claims, "base64url");
  // Other bits in the last character are other bytes of the same text.
  if (bytes.toString("base64url") !== claims) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The claims, or why they cannot be read. */
function readClaims(claims: string): { readonly read: JsonRecord } | { readonly refused: ClaimsRefusal } {
  const malformed = (sentence: string): { readonly refused: ClaimsRefusal } => ({
    refused: refusal("malformed", sentence),
  });
  if (claims.length > maxClaims) return malformed(`the claims have more than ${maxClaims} bytes`);
  const text = textOfClaims(claims);
  const read = text === undefined ? undefined : parsed(text);
  if (text === undefined || !isRecord(read)) return malformed("the claims are no JSON object in base64url");
  const fault = memberFault(text);
  if (fault === undefined) return { read };
  if (fault.kind === "deep") return malformed("the claims are nested too deep");
  if (fault.kind === "name") return malformed("a member's name is no well-formed text");
  return { refused: refusal("twice", `the member ${shown(fault.name)} stands twice`) };
}

const isTime = (value: unknown): value is number => Number.isSafeInteger(value);

function timeProblem({ iat, nbf, exp }: JsonRecord, maxSeconds: number, now: number): string | undefined {
  if (!isTime(iat) || !isTime(exp)) return "the claims say nothing of their life in whole seconds";
  if (nbf !== undefined && !isTime(nbf)) return "nbf is no whole number of seconds";
  const ahead = iat - now / 1000;
  if (Math.abs(ahead) > maxSkew)
    return `iat is ${Math.abs(Math.round(ahead))} s ${ahead > 0 ? "after" : "before"} now, and may be ${maxSkew}`;
  if (nbf !== undefined && nbf < iat - maxSkew)
    return `nbf is ${iat - nbf} s before iat, and may be ${maxSkew}`;
  if (exp <= iat) return "a token may not end before it begins";
  if (exp > now / 1000 + maxSeconds)
    return `a token may live ${maxSeconds} s from now, and not ${Math.ceil(exp - now / 1000)}`;
  return undefined;
}

/**
 * Why claims are not signed; undefined for those of a ServiceAccount's token of now. The API server joins the header, its
 * own claims and the signature, so that nothing can be mended: what arrives is signed byte for byte, or refused. An API
 * server asks for nothing else, so that a compromised one gets no token of another issuer or subject, none for later, none
 * that outlives the maximum, and none that two readers read differently. `now` in milliseconds since the epoch.
 */
export function claimsRefusal(
  claims: string,
  { issuers, maxSeconds, allowed }: ClaimsRules,
  now: number,
): ClaimsRefusal | undefined {
  const found = readClaims(claims);
  if ("refused" in found) return found.refused;
  const { read } = found;
  const { iss, sub } = read;
  const unknown = Object.keys(read).find((name) => !knownMembers.includes(name) && !allowed.includes(name));
  if (unknown !== undefined)
    return { ...refusal("member", `the member ${shown(unknown)} is not known`), member: shown(unknown) };
  if (typeof iss !== "string" || !issuers.includes(iss)) {
    const what = typeof iss === "string" ? `the issuer ${shown(iss)} is none of` : "the claims name none of";
    return refusal("issuer", `${what} ${issuers.join(", ")}`);
  }
  if (typeof sub !== "string" || parseSubject(sub) === undefined)
    return refusal("subject", "the subject is no ServiceAccount");
  const time = timeProblem(read, maxSeconds, now);
  return time === undefined ? undefined : refusal("time", time);
}
