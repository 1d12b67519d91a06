import { isoBasic, isoTime } from "../../../core/base/index.ts";
import { sameSecret } from "../../listener/index.ts";
import type { WireRequest } from "../wire/gate.ts";
import { type SignedAuthorization, readAuthorization } from "./authorization.ts";
import { expectedSignature } from "./canonical.ts";
import { type AwsProtocol, signatureFault } from "./fault.ts";

/** What the account knows of an access key. */
export interface KnownAccessKey {
  readonly secret: string;
  /** Session token and expiry (ms) of temporary credentials; undefined for a long-lived key. */
  readonly session: { readonly token: string; readonly expires: number } | undefined;
}

export interface VerifySignatureOptions {
  /** The service that received the request: `iam`. */
  readonly service: string;
  readonly protocol: AwsProtocol;
  /** Milliseconds: one for the expiry of sessions, one for the signature's date. */
  readonly now: number;
  readonly signedAt: number;
  readonly findKey: (accessKeyId: string) => KnownAccessKey | undefined;
}

/** The largest clock difference between client and server, in milliseconds; AWS prints it as `15 min.`. */
const skew = 15 * 60_000;

function parseBasic(text: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/u.exec(text);
  if (match === null) return Number.NaN;
  const [, year, month, day, hour, minute, second] = match;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** The signing key, after checking its session token. */
function knownKey(claimed: SignedAuthorization, options: VerifySignatureOptions): KnownAccessKey {
  const { protocol } = options;
  const refuse = (why: string): Error =>
    signatureFault(protocol, "unknownKey", "The security token included in the request is invalid.", why);
  const key = options.findKey(claimed.accessKeyId);
  if (key === undefined) throw refuse("no such access key in this sandbox");
  if (key.session === undefined) {
    if (claimed.token !== undefined) throw refuse("a session token came with a long-lived key");
    return key;
  }
  if (claimed.token === undefined) throw refuse("temporary credentials need their session token");
  if (!sameSecret(claimed.token, key.session.token)) throw refuse("the session token is not this key's");
  if (options.now >= key.session.expires) {
    throw signatureFault(
      protocol,
      "expiredToken",
      "The security token included in the request is expired",
      `the session ended at ${isoTime(key.session.expires)}`,
    );
  }
  return key;
}

function scopeProblem(claimed: SignedAuthorization, service: string): string | undefined {
  const { scope, date } = claimed;
  if (scope.end !== "aws4_request") {
    return `Credential should be scoped with a valid terminator: 'aws4_request', not '${scope.end}'. `;
  }
  if (scope.service !== service) return `Credential should be scoped to correct service: '${service}'. `;
  if (!/^[a-z0-9-]{1,64}$/u.test(scope.region)) {
    return `Credential should be scoped to a valid region, not '${scope.region}'. `;
  }
  if (!date.startsWith(`${scope.date}T`)) {
    return `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${scope.date}' != '${date.slice(0, 8)}', from '${date}'.`;
  }
  return undefined;
}

function dateProblem(claimed: SignedAuthorization, now: number): string | undefined {
  const at = parseBasic(claimed.date);
  if (at > now + skew) {
    return `Signature not yet current: ${claimed.date} is still later than ${isoBasic(now + skew)} (${isoBasic(now)} + 15 min.)`;
  }
  if (claimed.expires !== undefined) {
    const end = at + claimed.expires * 1000;
    return now > end ? `Signature expired: ${isoBasic(now)} is now later than ${isoBasic(end)}` : undefined;
  }
  if (at < now - skew) {
    return `Signature expired: ${claimed.date} is now earlier than ${isoBasic(now - skew)} (${isoBasic(now)} - 15 min.)`;
  }
  return undefined;
}

function headerProblem(request: WireRequest, claimed: SignedAuthorization): string | undefined {
  const signed = new Set(claimed.signedHeaders);
  if (!signed.has("host")) return "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";
  // Headers that name the operation must be signed, or a signature for one would work for another.
  if (request.headers["x-amz-target"] !== undefined && !signed.has("x-amz-target")) {
    return "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.";
  }
  return undefined;
}

/**
 * Verifies the signature of a request (AWS Signature Version 4, header or presigned URL) and returns its claims, now
 * proven. Throws an AwsError with AWS's code and text otherwise.
 */
export function verifyRequest(request: WireRequest, options: VerifySignatureOptions): SignedAuthorization {
  const { protocol } = options;
  const claimed = readAuthorization(request, protocol);
  if (claimed === undefined) {
    const text =
      protocol === "query" ? "Request is missing Authentication Token" : "Missing Authentication Token";
    throw signatureFault(protocol, "missing", text, "the request carries no signature");
  }
  if (Number.isNaN(parseBasic(claimed.date))) {
    const text = `Date must be in ISO-8601 'basic format'. Got '${claimed.date}'. See http://en.wikipedia.org/wiki/ISO_8601`;
    throw signatureFault(protocol, "incomplete", text, "the date has another form");
  }
  const key = knownKey(claimed, options);
  const problem =
    scopeProblem(claimed, options.service) ??
    dateProblem(claimed, options.signedAt) ??
    headerProblem(request, claimed);
  if (problem !== undefined) throw signatureFault(protocol, "mismatch", problem, problem.trim());
  const mismatch = (why: string): Error =>
    signatureFault(
      protocol,
      "mismatch",
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
      why,
    );
  // A long header, named thousands of times, would be copied as often before any verification.
  if (new Set(claimed.signedHeaders).size < claimed.signedHeaders.length)
    throw mismatch("SignedHeaders names a header twice");
  const signature = /^[0-9a-f]{64}$/u.test(claimed.signature) ? Buffer.from(claimed.signature, "hex") : "";
  if (!sameSecret(expectedSignature(request, claimed, key.secret), signature)) {
    throw mismatch("another secret, or a request that was altered after it was signed");
  }
  return claimed;
}
