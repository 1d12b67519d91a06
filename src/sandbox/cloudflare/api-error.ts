/** One error of an answer; `error_chain` holds what is behind it, in one of the API's two forms. */
interface ErrorEntry {
  readonly code: number;
  readonly message: string;
  readonly error_chain?: readonly { readonly code: number; readonly message: string }[];
}

/** A refusal as the API words it: a status and numbered errors, with `result: null` (Cloudflare API, "Responses"). */
export class CloudflareApiError extends Error {
  readonly status: number;
  readonly code: number;
  /** A fault of a record's content, which comes in either of two forms. */
  readonly isValidation: boolean;

  constructor(status: number, code: number, message: string, isValidation = false) {
    super(message);
    this.status = status;
    this.code = code;
    this.isValidation = isValidation;
  }

  /** `chained`: behind 1004, "DNS Validation Error"; else by itself. */
  toObject(chained: boolean): object {
    const { code, message } = this;
    const entry: ErrorEntry =
      chained && this.isValidation
        ? { code: 1004, message: "DNS Validation Error", error_chain: [{ code, message }] }
        : { code, message };
    return { success: false, errors: [entry], messages: [], result: null };
  }
}

/** 400 for what a record may not be. */
export function invalid(code: number, message: string): CloudflareApiError {
  return new CloudflareApiError(400, code, message, true);
}

/** 400 for an Authorization header that is missing or has not the form `Bearer TOKEN` (6003, and 6111 behind it). */
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
