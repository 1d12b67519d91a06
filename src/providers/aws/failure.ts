import { defined, errorText, type ErrorCode, PodtrustError } from "../../core/base/index.ts";

/** What AWS or its SDK said: `code` is AWS's own error code, or the SDK's error name where AWS was not asked. */
export interface AwsComplaint {
  readonly code: string;
  readonly message: string;
}

interface Thrown {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly Code?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
  readonly $metadata?: {
    readonly httpStatusCode?: number;
    readonly requestId?: string;
    /** The SDK has read the clock's offset from the answer. */
    readonly clockSkewCorrected?: boolean;
  };
}

const asThrown = (value: unknown): Thrown => (typeof value === "object" && value !== null ? value : {});

/** AWS's code and text of whatever the SDK threw. */
export function complaintOf(thrown: unknown): AwsComplaint {
  const { name, Code: awsCode } = asThrown(thrown);
  // The SDK names some exceptions after its model (`InvalidIdentityTokenException`); the wire's code is AWS's own.
  const code = typeof awsCode === "string" ? awsCode : typeof name === "string" ? name : "UnknownError";
  return { code, message: thrown instanceof Error ? thrown.message : errorText(thrown) };
}

/** Whether AWS answered with one of these codes. */
export function isAwsCode(thrown: unknown, ...codes: readonly string[]): boolean {
  const { name, Code: awsCode } = asThrown(thrown);
  return codes.some((code) => name === code || awsCode === code || name === `${code}Exception`);
}

const throttlingCodes =
  /^(?:Throttling(?:Exception)?|TooManyRequestsException|RequestLimitExceeded|SlowDown)$/u;

/** Whether AWS asks to slow down. */
export function isThrottling(thrown: unknown): boolean {
  return throttlingCodes.test(complaintOf(thrown).code);
}

const passingCodes = /^(?:ECONN|EPIPE|ETIMEDOUT|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)/u;

/**
 * Whether the same call may succeed in a moment: the network failed, AWS failed, or its answer corrected our clock. A
 * certificate that does not verify and a name that does not exist do not change.
 */
export function isTransient(thrown: unknown): boolean {
  const { name, code, cause, $metadata: { httpStatusCode = 0, clockSkewCorrected } = {} } = asThrown(thrown);
  if (httpStatusCode >= 500 || clockSkewCorrected === true || name === "TimeoutError") return true;
  if (typeof code === "string" && passingCodes.test(code)) return true;
  return cause !== undefined && isTransient(cause);
}

const byCode: readonly { readonly codes: RegExp; readonly is: ErrorCode }[] = [
  {
    codes: /^(?:CredentialsProviderError|TokenProviderError|InvalidClientTokenId|InvalidAccessKeyId)$/u,
    is: "aws-no-credentials",
  },
  {
    codes: /^(?:ExpiredToken(?:Exception)?|TokenRefreshRequired|RequestExpired)$/u,
    is: "aws-credentials-expired",
  },
  {
    codes:
      /^(?:SignatureDoesNotMatch|UnrecognizedClientException|IncompleteSignature|InvalidSignatureException)$/u,
    is: "aws-credentials-refused",
  },
  { codes: /^(?:AccessDenied(?:Exception)?|UnauthorizedOperation|OptInRequired)$/u, is: "aws-denied" },
  { codes: throttlingCodes, is: "aws-throttled" },
  { codes: /^(?:RequestTimeTooSkewed|RequestInTheFuture)$/u, is: "aws-clock" },
  // It was created since the plan was made: its name was free then.
  { codes: /^EntityAlreadyExists(?:Exception)?$/u, is: "plan-changed" },
  { codes: /^NoSuchBucket$/u, is: "s3-bucket-missing" },
  {
    codes: /^(?:PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException)$/u,
    is: "s3-wrong-region",
  },
  { codes: /^LimitExceeded(?:Exception)?$/u, is: "aws-quota" },
  // The request is wrong, and not the account (IAM API Reference, "Common errors" and CreateRole).
  {
    codes: /^(?:InvalidInput|MalformedPolicyDocument|PolicyNotAttachable|ValidationError)(?:Exception)?$/u,
    is: "aws-invalid-input",
  },
  {
    codes: /^(?:ServiceFailure|ServiceUnavailable|InternalFailure|InternalError)(?:Exception)?$/u,
    is: "aws-unavailable",
  },
];

const networkCodes =
  /^(?:ECONN|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EPIPE|ETIMEDOUT|CERT_|ERR_TLS|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO)/u;

function isNetwork(thrown: unknown): boolean {
  const { name, code, cause } = asThrown(thrown);
  if (name === "TimeoutError" || (typeof code === "string" && networkCodes.test(code))) return true;
  return cause !== undefined && isNetwork(cause);
}

/**
 * What the SDK threw as an error for a person: `during` is the call in words (`reading role demo`). An error of
 * our own passes unchanged.
 */
export function awsError(thrown: unknown, during: string): PodtrustError {
  if (thrown instanceof PodtrustError) return thrown;
  // AWS did not refuse a call that was ended from here.
  if (asThrown(thrown).name === "AbortError")
    return new PodtrustError("interrupted", `${during}: ended before AWS answered`, { cause: thrown });
  const { code, message } = complaintOf(thrown);
  const requestId = asThrown(thrown).$metadata?.requestId;
  const detail = { awsCode: code, ...defined({ requestId }) };
  const options = { cause: thrown, detail };
  if (isNetwork(thrown))
    return new PodtrustError(
      "aws-unreachable",
      `${during}: AWS did not answer: ${errorText(thrown)}`,
      options,
    );
  const known = byCode.find((entry) => entry.codes.test(code));
  return new PodtrustError(known?.is ?? "aws-refused", `${during}: ${code}: ${message}`, options);
}

/** Runs one call and turns what it throws into an error for a person. */
export async function calling<T>(during: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw awsError(thrown, during);
  }
}
