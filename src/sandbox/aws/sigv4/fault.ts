import { AwsError } from "../wire/error.ts";

export type AwsProtocol = "query" | "json";

/** Possible faults of a signature, with the code and status of each protocol. */
const faults = {
  missing: {
    query: ["MissingAuthenticationToken", 403],
    json: ["MissingAuthenticationTokenException", 400],
    rule: "request-signed",
  },
  incomplete: {
    query: ["IncompleteSignature", 400],
    json: ["IncompleteSignatureException", 400],
    rule: "signature-complete",
  },
  unknownKey: {
    query: ["InvalidClientTokenId", 403],
    json: ["UnrecognizedClientException", 400],
    rule: "access-key-known",
  },
  expiredToken: {
    query: ["ExpiredToken", 403],
    json: ["ExpiredTokenException", 400],
    rule: "session-unexpired",
  },
  mismatch: {
    query: ["SignatureDoesNotMatch", 403],
    json: ["InvalidSignatureException", 400],
    rule: "signature-matches",
  },
} as const;

/** A refusal of a signature, in the protocol's words. `why` is for our log and page, never for the client. */
export function signatureFault(
  protocol: AwsProtocol,
  kind: keyof typeof faults,
  message: string,
  why: string,
): AwsError {
  const [code, status] = faults[kind][protocol];
  return new AwsError(code, message, { status, rule: faults[kind].rule, why });
}
