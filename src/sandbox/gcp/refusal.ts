import { defined } from "../../core/base/index.ts";

/** Words of google.rpc.Code with the HTTP status that Google's APIs give them. */
const statuses = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  INTERNAL: 500,
  UNIMPLEMENTED: 501,
} as const;
export type StatusWord = keyof typeof statuses;

/** What Google does not say: for the record of decisions. */
export interface RefusalNotes {
  /** The rule that decided. */
  readonly rule?: string;
  /** One sentence, without any secret. */
  readonly why?: string;
  readonly next?: string;
}

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly body: object;
}

/** A refusal in Google's own code and words. */
export class GoogleRefusal extends Error {
  override readonly name: string = "GoogleRefusal";
  /** HTTP. */
  readonly status: number;
  readonly code: string;
  readonly body: object;
  readonly notes: RefusalNotes;

  constructor({ status, code, body }: Answer, message: string, notes: RefusalNotes) {
    super(message);
    this.status = status;
    this.code = code;
    this.body = body;
    this.notes = notes;
  }
}

/** A refusal in the form of Google's APIs (AIP-193), with details in google.rpc's types. */
export function refusal(
  code: StatusWord,
  message: string,
  { details, ...notes }: RefusalNotes & { readonly details?: readonly object[] } = {},
): GoogleRefusal {
  const status = statuses[code];
  const error = { code: status, message, status: code, ...defined({ details }) };
  return new GoogleRefusal({ status, code, body: { error } }, message, notes);
}

/** Throws INVALID_ARGUMENT. */
export function invalid(message: string, notes: RefusalNotes = {}): never {
  throw refusal("INVALID_ARGUMENT", message, { rule: "request-valid", ...notes });
}

/** Details of a 403 beside its text. Source: https://cloud.google.com/apis/design/errors#error_info */
function errorInfo(reason: string, metadata: Readonly<Record<string, string>>): object {
  return {
    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
    reason,
    domain: "iam.googleapis.com",
    metadata,
  };
}

/** 403 for a permission that was not granted. Google says the same of what does not exist. */
export function permissionDenied(
  permission: string,
  resource: string,
  text = `Permission '${permission}' denied on resource '${resource}' (or it may not exist).`,
  notes: RefusalNotes = {},
): GoogleRefusal {
  return refusal("PERMISSION_DENIED", text, {
    rule: "permission-granted",
    ...notes,
    details: [errorInfo("IAM_PERMISSION_DENIED", { permission, resource })],
  });
}

const unauthenticatedNext =
  "Send Authorization: Bearer TOKEN with the sandbox's own token, or with one of its token exchange.";

/** 401: without a token, or with one that is unknown, expired or of a disabled account. */
export function unauthenticated(token: string | undefined): GoogleRefusal {
  const expected = "Expected OAuth 2 access token, login cookie or other valid authentication credential.";
  const see = "See https://developers.google.com/identity/sign-in/web/devconsole-project.";
  const begin =
    token === undefined
      ? "Request is missing required authentication credential."
      : "Request had invalid authentication credentials.";
  return refusal("UNAUTHENTICATED", `${begin} ${expected} ${see}`, {
    rule: "caller-known",
    why: token === undefined ? "no bearer token was sent" : "the bearer token is unknown or has expired",
    next: unauthenticatedNext,
    details: [
      errorInfo(token === undefined ? "CREDENTIALS_MISSING" : "ACCESS_TOKEN_EXPIRED", {
        service: "iam.googleapis.com",
      }),
    ],
  });
}

/** 403: the token's scopes are not accepted by this API. */
export function scopeInsufficient(wanted: readonly string[]): GoogleRefusal {
  return refusal("PERMISSION_DENIED", "Request had insufficient authentication scopes.", {
    rule: "scope-sufficient",
    why: `the token has none of the scopes ${wanted.join(", ")}`,
    next: "Ask the exchange, or generateAccessToken, for https://www.googleapis.com/auth/cloud-platform.",
    details: [errorInfo("ACCESS_TOKEN_SCOPE_INSUFFICIENT", {})],
  });
}

/** 404: nothing by this name. */
export function notFound(name: string, text = "Requested entity was not found."): GoogleRefusal {
  return refusal("NOT_FOUND", text, {
    rule: "resource-there",
    why: `there is no ${name}`,
  });
}

/** A refusal in the form of OAuth (RFC 6749 §5.2), as the token exchange has it. */
export function exchangeRefusal(
  { status, code }: { readonly status: number; readonly code: string },
  message: string,
  notes: RefusalNotes,
): GoogleRefusal {
  const body = { error: code, error_description: message };
  return new GoogleRefusal({ status, code, body }, message, notes);
}
