import {
  type ErrorCode,
  isRecord,
  type JsonRecord,
  PodtrustError,
  recordOf,
  type RetrySchedule,
  textOf,
} from "../base/index.ts";
import { jsonOf } from "./json.ts";
import type { HttpResponse } from "./request.ts";
import { saidWords } from "./said.ts";

/** One request of a vendor's API. */
export interface ApiCall {
  readonly method: "DELETE" | "GET" | "PATCH" | "POST" | "PUT";
  /** Below the API's base: `/v1/projects/…`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** For errors: `creating the pool prod`. */
  readonly what: string;
}

/** A vendor's refusal: whatever was asked for was not done. */
export class ApiRefusal extends Error {
  readonly status: number;
  /** The error's name, as `NOT_FOUND` or `ResourceNotFound`; empty where the answer has none. */
  readonly code: string;
  /** Milliseconds that the vendor asks to wait; 0 where it does not say. */
  readonly pauseMs: number;

  constructor(status: number, code: string, message: string, pauseMs = 0) {
    super(message);
    this.status = status;
    this.code = code;
    this.pauseMs = pauseMs;
  }
}

/** No answer from an API: the request may have been carried out or not. */
export class ApiUnanswered extends Error {}

/** What a vendor says in the error of an answer, beside its message. */
interface SaidError {
  /** The error's name. */
  readonly code: unknown;
  /** Seconds to wait, where no Retry-After says it. */
  readonly seconds?: string | undefined;
}

/** All in which one vendor's API differs from another's: its row. `Title` keeps their clients apart. */
export interface ApiVendor<Title extends string = string> {
  /** `Google` */
  readonly title: Title;
  /** Who gives access tokens, in a person's words: `Entra`. */
  readonly tokenService: string;
  /** Whether a request changes nothing. All others are sent once: without an answer they may have been carried out. */
  readonly mayRepeat: (call: Pick<ApiCall, "method" | "path">) => boolean;
  /** How too many requests are waited out, in milliseconds, and the longest wait that the vendor may ask for. */
  readonly throttled: Pick<RetrySchedule, "delays" | "giveUpAfter"> & { readonly maxPauseMs: number };
  /** Bytes of an answer. */
  readonly maxAnswer: number;
  /** Whether an answer of success may be empty. */
  readonly hasEmptyAnswers: boolean;
  /** Whether a list without entries is left out of its answer. */
  readonly leavesOutEmptyLists: boolean;
  /** The parameter that asks for the next page of a list; undefined after the last one. Throws where it cannot be told. */
  readonly nextPage: (answer: JsonRecord, what: string) => readonly [name: string, mark: string] | undefined;
  /** Reads the member `error` of an answer. */
  readonly readError: (error: JsonRecord) => SaidError;
  /** The member of an error's detail that has the vendor's own name for it. */
  readonly detail: string;
  /** The code of a refusal that has one of its own. */
  readonly codeOf?: (refusal: ApiRefusal) => ErrorCode | undefined;
  /** Our codes. */
  readonly codes: Readonly<
    Record<
      "credentials" | "denied" | "invalid" | "refused" | "throttled" | "unavailable" | "unreachable",
      ErrorCode
    >
  >;
}

/** The meaning of an unsuccessful answer. Throws `ApiUnanswered` for what may have been done anyway. */
export function refusalOf(vendor: ApiVendor, response: HttpResponse): ApiRefusal {
  const { status, headers } = response;
  const error = recordOf(recordOf(jsonOf(response))["error"]);
  const words = saidWords(textOf(error["message"]) ?? "");
  if (status >= 500) throw new ApiUnanswered(`status ${status}${words === "" ? "" : `: ${words}`}`);
  const { code, seconds } = vendor.readError(error);
  const pause = Number(headers["retry-after"] ?? seconds ?? "0") * 1000;
  const pauseMs = Number.isFinite(pause) && pause > 0 ? Math.min(pause, vendor.throttled.maxPauseMs) : 0;
  return new ApiRefusal(status, saidWords(textOf(code) ?? ""), words, pauseMs);
}

/** The object of a successful answer. Throws a PodtrustError for any other content. */
export function objectOf(vendor: ApiVendor, response: HttpResponse, what: string): JsonRecord {
  const value = vendor.hasEmptyAnswers && response.body.length === 0 ? {} : jsonOf(response);
  if (isRecord(value)) return value;
  throw invalidAnswer(vendor, what, "it is no JSON object");
}

/** Whether a vendor refused with this status. */
export function isRefusedWith(thrown: unknown, status: number): thrown is ApiRefusal {
  return thrown instanceof ApiRefusal && thrown.status === status;
}

function codeOf({ codes, codeOf: own }: ApiVendor, refusal: ApiRefusal): ErrorCode {
  const general: Readonly<Record<number, ErrorCode>> = {
    401: codes.credentials,
    403: codes.denied,
    429: codes.throttled,
  };
  return own?.(refusal) ?? general[refusal.status] ?? codes.refused;
}

/** A failure of a call as a person meets it. `what`: `creating the pool prod`. What is none of the API's stays as it is. */
export function apiError(vendor: ApiVendor, thrown: unknown, what: string): unknown {
  const { title, codes, detail } = vendor;
  if (thrown instanceof ApiUnanswered) {
    const { cause } = thrown;
    const code = cause === undefined ? codes.unavailable : codes.unreachable;
    return new PodtrustError(code, `${what}: ${thrown.message}`, { cause });
  }
  if (!(thrown instanceof ApiRefusal)) return thrown;
  const { status, code, message } = thrown;
  const words = message === "" ? `status ${status}` : message;
  const tail = code === "" ? "" : ` (${code})`;
  return new PodtrustError(codeOf(vendor, thrown), `${title} refused ${what}: ${words}${tail}`, {
    detail: { status, [detail]: code },
  });
}

/** The error of an answer whose content is not of the documented form. */
export function invalidAnswer({ codes }: ApiVendor, what: string, fault: string): PodtrustError {
  return new PodtrustError(codes.invalid, `the answer to ${what} is of no known form: ${fault}`);
}
