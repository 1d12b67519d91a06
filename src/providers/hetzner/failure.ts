import {
  defined,
  type ErrorCode,
  errorText,
  PodtrustError,
  recordOf,
  recordsOf,
  textOf,
} from "../../core/base/index.ts";
import type { HttpResponse } from "../../core/http/index.ts";

/** A request, in words and in the API's terms. */
export interface HetznerOperation {
  /** `creating server prod` */
  readonly during: string;
  readonly method: string;
  readonly path: string;
}

const byCode: Readonly<Record<string, ErrorCode>> = {
  unauthorized: "hetzner-token-refused",
  token_readonly: "hetzner-token-readonly",
  resource_limit_exceeded: "hetzner-limit",
  rate_limit_exceeded: "hetzner-rate-limited",
  conflict: "hetzner-busy",
  locked: "hetzner-busy",
  resource_in_use: "hetzner-busy",
  must_be_unassigned: "hetzner-busy",
  primary_ip_assigned: "hetzner-busy",
  protected: "hetzner-protected",
  uniqueness_error: "hetzner-not-unique",
  resource_unavailable: "hetzner-sold-out",
  placement_error: "hetzner-sold-out",
  bad_gateway: "hetzner-unavailable",
  timeout: "hetzner-unavailable",
  unavailable: "hetzner-unavailable",
  maintenance: "hetzner-unavailable",
};

// Words of the other side are shown in part: they are not ours.
const maxWords = 300;

interface Complaint {
  /** Empty where the answer is not the API's. */
  readonly code: string;
  readonly message: string;
  /** What each field is blamed for, and the limits that are reached; details may be absent, null or empty. */
  readonly fields: readonly string[];
}

function complaintOf({ headers, body }: HttpResponse): Complaint {
  const none = { code: "", message: "", fields: [] };
  if (headers["content-type"]?.startsWith("application/json") !== true) return none;
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    return none;
  }
  const error = recordOf(recordOf(value)["error"]);
  const details = recordOf(error["details"]);
  const limits = recordsOf(details["limits"]).flatMap((limit) => textOf(limit["name"]) ?? []);
  const fields = recordsOf(details["fields"]).flatMap((field) => {
    const name = textOf(field["name"]);
    if (name === undefined) return [];
    const messages = Array.isArray(field["messages"]) ? field["messages"].filter((one) => textOf(one)) : [];
    return [messages.length === 0 ? name : `${name}: ${messages.join(", ")}`];
  });
  const [code = "", message = ""] = [textOf(error["code"]), textOf(error["message"])];
  return { code, message, fields: [...fields, ...limits] };
}

function codeFor({ code }: Complaint, status: number, { method }: HetznerOperation): ErrorCode {
  // The present code for a token that may only read; older ones have a code of their own.
  if (code === "forbidden" || (code === "" && status === 403)) {
    return method === "GET" ? "hetzner-token-refused" : "hetzner-token-readonly";
  }
  const known = byCode[code];
  if (known !== undefined) return known;
  if (status === 401) return "hetzner-token-refused";
  return status >= 500 ? "hetzner-unavailable" : "hetzner-refused";
}

/** What an answer that is no success means, with Hetzner's own code, words and correlation id. */
export function refusalOf(answer: HttpResponse, operation: HetznerOperation): PodtrustError {
  const { status, headers } = answer;
  const complaint = complaintOf(answer);
  const { code, message, fields } = complaint;
  const words = [message === "" ? `status ${status}` : message, ...fields].join("; ").slice(0, maxWords);
  const correlation = headers["x-correlation-id"];
  const tail = [code, correlation === undefined ? "" : `correlation id ${correlation}`].filter(Boolean);
  const is = codeFor(complaint, status, operation);
  // Hetzner's own words speak of permissions, and do not say which one is missing.
  const why = is === "hetzner-token-readonly" ? "the token may only read; " : "";
  const sentence = `${operation.during}: ${why}Hetzner says: ${words}${tail.length === 0 ? "" : ` (${tail.join(", ")})`}`;
  return new PodtrustError(is, sentence, {
    detail: {
      status,
      hetznerCode: code,
      method: operation.method,
      path: operation.path,
      ...(fields.length === 0 ? {} : { fields }),
      ...defined({ correlationId: correlation }),
    },
  });
}

/** What a request that got no answer means. */
export function lostError(thrown: unknown, operation: HetznerOperation): PodtrustError {
  if (thrown instanceof PodtrustError && thrown.code === "interrupted") return thrown;
  const reason = thrown instanceof PodtrustError ? thrown.detail["reason"] : undefined;
  const system = thrown instanceof PodtrustError ? thrown.detail["cause"] : undefined;
  return new PodtrustError("hetzner-unreachable", `${operation.during}: ${errorText(thrown)}`, {
    cause: thrown,
    detail: { reason, system, method: operation.method, path: operation.path },
  });
}

/** Hetzner's own code of an error that is an answer of Hetzner's; empty for any other. */
export function hetznerCodeOf(thrown: unknown): string {
  return thrown instanceof PodtrustError ? (textOf(thrown.detail["hetznerCode"]) ?? "") : "";
}

/** Whether an error is an answer of Hetzner's with one of these codes of its own. */
export function isHetznerCode(thrown: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(hetznerCodeOf(thrown));
}

/** Whether the thing that was asked for does not exist. */
export function isNotFound(thrown: unknown): boolean {
  return thrown instanceof PodtrustError && thrown.detail["status"] === 404;
}

/**
 * What a failure says about the work: `not-done` and worth another try, `unknown` whether it was done, or `final`. It
 * is the table of Hetzner's own Go client, whose time-outs differ by what may have been done; a connection cut in the
 * middle, which that client gives up on, is covered as well.
 */
export function verdictOf(thrown: unknown): "not-done" | "unknown" | "final" {
  if (!(thrown instanceof PodtrustError)) return "final";
  if (isHetznerCode(thrown, "conflict", "rate_limit_exceeded", "locked")) return "not-done";
  if (thrown.code === "hetzner-unreachable") {
    const { reason, system } = thrown.detail;
    const isCut = reason === "timeout" || reason === "protocol";
    return isCut || (reason === "connect" && system === "ECONNRESET") ? "unknown" : "final";
  }
  const { status } = thrown.detail;
  const isPassing = status === 502 || status === 503 || status === 504;
  return isPassing || isHetznerCode(thrown, "bad_gateway", "timeout", "unavailable") ? "unknown" : "final";
}
