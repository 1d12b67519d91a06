/** The types of RFC 8555 §6.7 and RFC 9773 §7.4 that this CA uses, and the profiles draft's one. */
export type ProblemType =
  | "accountDoesNotExist"
  | "alreadyReplaced"
  | "alreadyRevoked"
  | "badCSR"
  | "badNonce"
  | "badPublicKey"
  | "badRevocationReason"
  | "badSignatureAlgorithm"
  | "connection"
  | "dns"
  | "externalAccountRequired"
  | "incorrectResponse"
  | "invalidContact"
  | "invalidProfile"
  | "malformed"
  | "orderNotReady"
  | "rateLimited"
  | "rejectedIdentifier"
  | "serverInternal"
  | "tls"
  | "unauthorized"
  | "unsupportedContact"
  | "unsupportedIdentifier"
  | "userActionRequired";

/** An error document (RFC 7807) as ACME gives it. */
export class Problem extends Error {
  readonly type: ProblemType;
  readonly status: number;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(
    type: ProblemType,
    detail: string,
    status = 400,
    extra: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail);
    this.type = type;
    this.status = status;
    this.extra = extra;
  }

  toObject(): object {
    const type = `urn:ietf:params:acme:error:${this.type}`;
    return { type, detail: this.message, status: this.status, ...this.extra };
  }
}
