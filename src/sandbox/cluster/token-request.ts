import { isoSeconds } from "../../core/base/index.ts";
import type { SigningKeys, TokenSubject } from "./keys.ts";
import { tokenClaims } from "./keys.ts";
import { badRequest, invalid, notFound } from "./status.ts";

export interface TokenIssuing {
  readonly issuer: string;
  readonly keys: SigningKeys;
  /** Seconds since the epoch. */
  readonly now: () => number;
  readonly maxTokenSeconds: number;
}

interface Spec {
  readonly audiences?: unknown;
  readonly expirationSeconds?: unknown;
  readonly boundObjectRef?: { readonly kind?: unknown; readonly name?: unknown } | null;
}

const shortest = 600;
const maxSeconds = 2 ** 32;

function lifetime(spec: Spec, max: number): number {
  const asked = spec.expirationSeconds ?? 3600;
  if (typeof asked !== "number" || !Number.isInteger(asked)) {
    throw badRequest("TokenRequest: spec.expirationSeconds is not a whole number");
  }
  const fault = (message: string): Error => {
    const sentence = `Invalid value: ${asked}: ${message}`;
    return invalid("TokenRequest.authentication.k8s.io", "", "spec.expirationSeconds", sentence);
  };
  if (asked < shortest) throw fault("may not specify a duration less than 10 minutes");
  if (asked > maxSeconds) throw fault("may not specify a duration larger than 2^32 seconds");
  return Math.min(asked, max);
}

function audiencesOf(spec: Spec, issuer: string): readonly string[] {
  const { audiences } = spec;
  // Without an audience a token is for the API server itself, whose --api-audiences is the issuer.
  if (audiences === undefined || audiences === null) return [issuer];
  if (!Array.isArray(audiences) || !audiences.every((one) => typeof one === "string")) {
    throw badRequest("TokenRequest: spec.audiences is not a list of strings");
  }
  return audiences.length === 0 ? [issuer] : audiences;
}

/** An answered TokenRequest. */
interface MintedToken {
  readonly kind: "TokenRequest";
  readonly apiVersion: string;
  readonly metadata: object;
  readonly spec: object;
  readonly status: { readonly token: string; readonly expirationTimestamp: string };
}

/** Answers a TokenRequest (authentication.k8s.io/v1) as the API server does. */
export function mintToken(subject: TokenSubject, body: object, issuing: TokenIssuing): MintedToken {
  const { kind, spec = {} } = body as { readonly kind?: unknown; readonly spec?: Spec };
  if (kind !== "TokenRequest") throw badRequest(`the body is a ${String(kind)}, not a TokenRequest`);
  if (spec.boundObjectRef !== undefined && spec.boundObjectRef !== null) {
    // There are no pods and secrets here that a token could be bound to.
    const { kind: bound, name } = spec.boundObjectRef;
    throw notFound(`${String(bound).toLowerCase()}s`, String(name));
  }
  const expirationSeconds = lifetime(spec, issuing.maxTokenSeconds);
  const audiences = audiencesOf(spec, issuing.issuer);
  const issuedAt = issuing.now();
  const expiresAt = issuedAt + expirationSeconds;
  const claims = tokenClaims(issuing.issuer, subject, audiences, { issuedAt, expiresAt });
  return {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata: {
      name: subject.name,
      namespace: subject.namespace,
      creationTimestamp: isoSeconds(issuedAt * 1000),
    },
    spec: { audiences, expirationSeconds, boundObjectRef: null },
    status: { token: issuing.keys.sign(claims), expirationTimestamp: isoSeconds(expiresAt * 1000) },
  };
}
