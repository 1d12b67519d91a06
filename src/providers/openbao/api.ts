import {
  type Clock,
  defined,
  errorText,
  isRecord,
  type JsonRecord,
  recordOf,
  retry,
  type RetrySchedule,
} from "../../core/base/index.ts";
import { type HttpResponse, jsonBody, request } from "../../core/http/index.ts";
import type { OpenBaoAccess } from "./access.ts";
import { invalidAnswer, openbaoError, OpenBaoRefusal, OpenBaoUnanswered } from "./failure.ts";

/** One request. */
export interface OpenBaoCall {
  readonly method: "GET" | "POST" | "DELETE";
  /** Below `/v1/`, each part as it is: `["auth", "team/podtrust", "role", "web"]`. */
  readonly path: readonly string[];
  readonly query?: string;
  readonly body?: object;
  /** The token to use in place of the access's own; `""`: none. */
  readonly token?: string;
  /** For errors: `reading role web`. */
  readonly what: string;
}

const retries: RetrySchedule = {
  name: "a server that gave no answer is asked again within half a minute",
  delays: [300, 1000, 3000, 8000],
  giveUpAfter: 30_000,
};

// A path's own slashes divide it; no part of a name becomes a path segment, a query or a step upwards.
function pathOf(parts: readonly string[]): string {
  return parts
    .flatMap((part) => part.split("/"))
    .map(encodeURIComponent)
    .join("/");
}

// An error is foreign text: bounded, and of one line.
const said = (value: unknown): string =>
  (typeof value === "string" ? value : "")
    .slice(0, 500)
    .replaceAll(/\p{C}+/gu, " ")
    .trim();

function errorsOf(value: unknown): readonly string[] {
  const { errors } = recordOf(value);
  return Array.isArray(errors) ? errors.slice(0, 10).map(said) : [];
}

function jsonOf({ body }: HttpResponse): unknown {
  try {
    return body.length === 0 ? {} : JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

// A replica that has not caught up, and too many requests (OpenBao, "HTTP API", status codes): nothing was done.
const passing = new Set([412, 429]);

function readAnswer(response: HttpResponse): JsonRecord {
  const { status } = response;
  const value = jsonOf(response);
  if (status >= 500 || passing.has(status))
    throw new OpenBaoUnanswered([`status ${status}`, ...errorsOf(value)].join(": "));
  if (!isRecord(value)) throw new OpenBaoUnanswered(`status ${status} without an answer of the API`);
  if (status >= 300) throw new OpenBaoRefusal(status, errorsOf(value));
  return value;
}

/** OpenBao's HTTP API. Every call that podtrust makes can be made twice: one without an answer is made again. */
export class OpenBaoApi {
  readonly #access: OpenBaoAccess;
  readonly clock: Clock;

  constructor(access: OpenBaoAccess, clock: Clock) {
    this.#access = access;
    this.clock = clock;
  }

  async #once(call: OpenBaoCall, signal: AbortSignal): Promise<JsonRecord> {
    const { address, ca, token = "" } = this.#access;
    const { method, path, query = "", body } = call;
    const own = call.token ?? token;
    const { headers, ...content } = jsonBody(body);
    const options = {
      method,
      headers: {
        accept: "application/json",
        "user-agent": "podtrust",
        // Without it a proxy of `bao`'s own takes the request for a browser's (OpenBao, "HTTP API").
        "x-vault-request": "true",
        ...(own === "" ? {} : { "x-vault-token": own }),
        ...headers,
      },
      ...content,
      ...defined({ ca }),
      timeoutMs: 30_000,
      maxBytes: 4 * 1024 * 1024,
      allowPlainHttp: address.startsWith("http:"),
      signal,
    };
    const response = await request(`${address}/v1/${pathOf(path)}${query}`, options).catch(
      (error: unknown) => {
        if (signal.aborted) throw error;
        throw new OpenBaoUnanswered(errorText(error), error);
      },
    );
    return readAnswer(response);
  }

  /** One call, made again where no answer came. Throws `OpenBaoRefusal` and `OpenBaoUnanswered`. */
  send(call: OpenBaoCall, signal: AbortSignal): Promise<JsonRecord> {
    return retry(() => this.#once(call, signal), {
      schedule: retries,
      clock: this.clock,
      signal,
      retryable: (error) => error instanceof OpenBaoUnanswered && error.mayPass && !signal.aborted,
    });
  }

  /** The same with errors as a person meets them. */
  async call(call: OpenBaoCall, signal: AbortSignal): Promise<JsonRecord> {
    try {
      return await this.send(call, signal);
    } catch (thrown) {
      throw openbaoError(thrown, call.what);
    }
  }

  /** What exists at a path; undefined for nothing, which some paths report by another status. Throws `openbao-*`. */
  async read(
    path: readonly string[],
    what: string,
    signal: AbortSignal,
    { query = "", absent = 404 }: { readonly query?: string; readonly absent?: number } = {},
  ): Promise<JsonRecord | undefined> {
    const call = { method: "GET", path, query, what } as const;
    try {
      const { data } = await this.send(call, signal);
      if (!isRecord(data)) throw invalidAnswer(what, "it has no data");
      return data;
    } catch (thrown) {
      if (thrown instanceof OpenBaoRefusal && thrown.status === absent) return undefined;
      throw openbaoError(thrown, what);
    }
  }
}
