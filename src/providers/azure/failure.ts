import { type ErrorCode, PodtrustError, recordOf, textOf } from "../../core/base/index.ts";
import { type HttpResponse, jsonOf, saidWords } from "../../core/http/index.ts";

/** A refusal in the form of Resource Manager's and Graph's errors: whatever was asked for was not done. */
export class AzureRefusal extends Error {
  readonly status: number;
  /** The error's name, as `ResourceNotFound`; empty where the answer has none. */
  readonly code: string;
  /** Milliseconds that Azure asks to wait; 0 where it does not say. */
  readonly pauseMs: number;

  constructor(status: number, code: string, message: string, pauseMs = 0) {
    super(message);
    this.status = status;
    this.code = code;
    this.pauseMs = pauseMs;
  }
}

/** No answer from the API: the request may have been carried out or not. */
export class AzureUnanswered extends Error {}

const maxPause = 120_000;

/** Retry-After in seconds, as Resource Manager and Graph give it ("Understand how Azure Resource Manager throttles requests"). */
function pauseOf(header: string | undefined): number {
  const seconds = Number(header ?? "0");
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1000, maxPause) : 0;
}

/** The meaning of an unsuccessful answer. Throws `AzureUnanswered` for what may have been done anyway. */
export function refusalOf(response: HttpResponse): AzureRefusal {
  const { status, headers } = response;
  const { code, message } = recordOf(recordOf(jsonOf(response))["error"]);
  const words = saidWords(textOf(message) ?? "");
  if (status >= 500) throw new AzureUnanswered(`status ${status}${words === "" ? "" : `: ${words}`}`);
  return new AzureRefusal(status, saidWords(textOf(code) ?? ""), words, pauseOf(headers["retry-after"]));
}

/** What has to exist before podtrust: the places of our resources, not the resources themselves. */
const absentPlaces = ["ResourceGroupNotFound", "SubscriptionNotFound"];

const isPlaceAbsent = ({ code }: AzureRefusal): boolean => absentPlaces.includes(code);

/** Whether the thing that was asked for, or the identity or application that it belongs to, does not exist. */
export function isNotFound(thrown: unknown): boolean {
  return thrown instanceof AzureRefusal && thrown.status === 404 && !isPlaceAbsent(thrown);
}

/** Whether another write of the same identity or application is under way. */
export function isConflict(thrown: unknown): boolean {
  return thrown instanceof AzureRefusal && thrown.status === 409;
}

const codes: Readonly<Record<number, ErrorCode>> = {
  401: "azure-credentials-refused",
  403: "azure-denied",
  429: "azure-throttled",
};

/** A failure of a call as a person meets it. `what`: `making the identity web`. */
export function azureError(thrown: unknown, what: string): unknown {
  if (thrown instanceof AzureUnanswered) {
    const code = thrown.cause === undefined ? "azure-unavailable" : "azure-unreachable";
    return new PodtrustError(code, `${what}: ${thrown.message}`, { cause: thrown.cause });
  }
  if (!(thrown instanceof AzureRefusal)) return thrown;
  const { status, code, message } = thrown;
  const words = message === "" ? `status ${status}` : message;
  const tail = code === "" ? "" : ` (${code})`;
  const ours = isPlaceAbsent(thrown) ? "azure-group-absent" : (codes[status] ?? "azure-refused");
  return new PodtrustError(ours, `Azure refused ${what}: ${words}${tail}`, {
    detail: { status, azureCode: code },
  });
}

/** The error of an answer whose content is not of the documented form. */
export function invalidAnswer(what: string, fault: string): PodtrustError {
  return new PodtrustError("azure-answer-invalid", `the answer to ${what} is of no known form: ${fault}`);
}
