/** One error of an answer; `error_chain` holds its cause, in one of the API's two forms. */
interface ErrorEntry {
  readonly code: number;
  readonly message: string;
  readonly error_chain?: readonly { readonly code: number; readonly message: string }[];
}

/** A refusal in the API's words: a status and numbered errors, with `result: null` (Cloudflare API, "Responses"). */
export class CloudflareApiError extends Error {
  readonly status: number;
  readonly code: number;
  /** A fault in a record's content, which comes in either of two forms. */
  readonly isValidation: boolean;

  constructor(status: number, code: number, message: string, isValidation = false) {
    super(message);
    this.status = status;
    this.code = code;
    this.isValidation = isValidation;
  }

  /** `chained`: behind 1004, "DNS Validation Error"; else alone. */
  toObject(chained: boolean): object {
    const { code, message } = this;
    const entry: ErrorEntry =
      chained && this.isValidation
        ? { code: 1004, message: "DNS Validation Error", error_chain: [{ code, message }] }
        : { code, message };
    return { success: false, errors: [entry], messages: [], result: null };
  }
}

/** 400 for an invalid record. */
export function invalid(code: number, message: string): CloudflareApiError {
  return new CloudflareApiError(400, code, message, true);
}

/** 400 for an Authorization header that is missing or not of the form `Bearer TOKEN` (6003, and 6111 behind it). */
export class MalformedAuthorization extends CloudflareApiError {
  constructor() {
    super(400, 6003, "Invalid request headers");
  }

  override toObject(): object {
    const { code, message } = this;
    const chain = [{ code: 6111, message: "Invalid format for Authorization header" }];
    const entry: ErrorEntry = { code, message, error_chain: chain };
    return { success: false, errors: [entry], messages: [], result: null };
  }
}
