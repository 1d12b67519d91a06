import { type ErrorCode, PodtrustError, recordOf, textOf } from "../../core/base/index.ts";
import { type HttpResponse, jsonOf, saidWords } from "../../core/http/index.ts";

/** A refusal in the form of Google's APIs: whatever was asked for was not done. */
export class GoogleApiRefusal extends Error {
  readonly httpStatus: number;
  /** The canonical name of the error, as `NOT_FOUND`; empty where the answer has none. */
  readonly canonical: string;
  /** Milliseconds that Google asks to wait; 0 where it does not say. */
  readonly pauseMs: number;

  constructor(httpStatus: number, canonical: string, message: string, pauseMs = 0) {
    super(message);
    this.httpStatus = httpStatus;
    this.canonical = canonical;
    this.pauseMs = pauseMs;
  }
}

/** No answer from the API: the request may have been carried out or not. */
export class GoogleUnanswered extends Error {}

const maxPause = 60_000;

/** Retry-After in seconds, or the RetryInfo of the error's details (google.rpc.RetryInfo): `30s`. */
function pauseOf(header: string | undefined, details: unknown): number {
  const entries: readonly unknown[] = Array.isArray(details) ? details : [];
  const delay = entries.map((one) => textOf(recordOf(one)["retryDelay"])).find((one) => one !== undefined);
  const seconds = Number(header ?? delay?.replace(/s$/u, "") ?? "0");
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1000, maxPause) : 0;
}

/** The meaning of an unsuccessful answer. Throws `GoogleUnanswered` for what may have been done anyway. */
export function refusalOf(response: HttpResponse): GoogleApiRefusal {
  const { status: httpStatus, headers } = response;
  const error = recordOf(recordOf(jsonOf(response))["error"]);
  const { message, status, details } = error;
  const words = saidWords(textOf(message) ?? "");
  if (httpStatus >= 500)
    throw new GoogleUnanswered(`status ${httpStatus}${words === "" ? "" : `: ${words}`}`);
  const canonical = saidWords(textOf(status) ?? "");
  return new GoogleApiRefusal(httpStatus, canonical, words, pauseOf(headers["retry-after"], details));
}

/** Whether the thing that was asked for does not exist. */
export function isNotFound(thrown: unknown): boolean {
  return thrown instanceof GoogleApiRefusal && thrown.httpStatus === 404;
}

/** Whether another writer was faster: the id exists already, or the policy has changed since it was read. */
export function isConflict(thrown: unknown): boolean {
  return thrown instanceof GoogleApiRefusal && thrown.httpStatus === 409;
}

function codeOf({ httpStatus }: GoogleApiRefusal): ErrorCode {
  if (httpStatus === 401) return "gcp-credentials-refused";
  if (httpStatus === 403) return "gcp-denied";
  return httpStatus === 429 ? "gcp-throttled" : "gcp-refused";
}

/** A failure of a call as a person meets it. `what`: `creating the pool prod`. */
export function googleError(thrown: unknown, what: string): unknown {
  if (thrown instanceof GoogleUnanswered) {
    const code = thrown.cause === undefined ? "gcp-unavailable" : "gcp-unreachable";
    return new PodtrustError(code, `${what}: ${thrown.message}`, { cause: thrown.cause });
  }
  if (!(thrown instanceof GoogleApiRefusal)) return thrown;
  const { httpStatus, canonical, message } = thrown;
  const words = message === "" ? `status ${httpStatus}` : message;
  const tail = canonical === "" ? "" : ` (${canonical})`;
  return new PodtrustError(codeOf(thrown), `Google refused ${what}: ${words}${tail}`, {
    detail: { status: httpStatus, googleStatus: canonical },
  });
}

/** The error of an answer whose content is not of the documented form. */
export function invalidAnswer(what: string, fault: string): PodtrustError {
  return new PodtrustError("gcp-answer-invalid", `the answer to ${what} is of no known form: ${fault}`);
}
