import { type Clock, defined, isRecord, type JsonRecord, PodtrustError } from "../../core/base/index.ts";
import {
  type AccessTokenCache,
  ApiRetry,
  jsonBody,
  jsonOf,
  type OnApiWait,
  request,
} from "../../core/http/index.ts";
import { accessTokensOf, type GoogleCredentials } from "./credentials/index.ts";
import { googleError, GoogleApiRefusal, invalidAnswer, refusalOf, GoogleUnanswered } from "./failure.ts";

export interface GoogleAccess {
  /** The IAM API's base, as `iamEndpoint` gives it. */
  readonly endpoint: string;
  readonly credentials: GoogleCredentials;
  readonly clock: Clock;
}

/** One request of the IAM API (https://cloud.google.com/iam/docs/reference/rest). */
export interface GoogleCall {
  readonly method: "DELETE" | "GET" | "PATCH" | "POST";
  /** Below the API's base: `/v1/projects/…`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** For errors: `creating the pool prod`. */
  readonly what: string;
}

// A project's quota of writes is counted by the minute (IAM, "Quotas and limits").
const throttled = { delays: [1000, 2000, 5000, 10_000, 20_000], giveUpAfter: 180_000 };
const maxAnswer = 8 * 1024 * 1024;
const maxPages = 100;

/** Google's IAM API, version 1. */
export class GoogleApi {
  readonly clock: Clock;
  readonly #access: GoogleAccess;
  readonly #tokens: AccessTokenCache;
  readonly #retry: ApiRetry;

  constructor(access: GoogleAccess) {
    this.#access = access;
    this.clock = access.clock;
    this.#tokens = accessTokensOf(access.credentials, access.clock);
    this.#retry = new ApiRetry({
      clock: access.clock,
      isUnanswered: (thrown) => thrown instanceof GoogleUnanswered,
      throttleOf: (thrown) =>
        thrown instanceof GoogleApiRefusal && thrown.httpStatus === 429
          ? { waitsFor: "Google takes no more requests for a while (429)", minDelay: thrown.pauseMs }
          : undefined,
      throttled,
    });
  }

  /** Checks that the credentials get a token. Throws `gcp-*`. */
  async checkCredentials(signal: AbortSignal): Promise<void> {
    await this.#tokens.get(signal);
  }

  async #once(call: GoogleCall, signal: AbortSignal): Promise<JsonRecord> {
    const { method, path, query, body, what } = call;
    const { endpoint, credentials } = this.#access;
    const { quotaProject } = credentials;
    const { headers, ...content } = jsonBody(body);
    const search = query === undefined ? "" : `?${new URLSearchParams(query).toString()}`;
    const token = await this.#tokens.get(signal);
    const response = await request(`${endpoint}${path}${search}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        accept: "application/json",
        "user-agent": "podtrust",
        ...defined({ "x-goog-user-project": quotaProject }),
        ...headers,
      },
      ...content,
      timeoutMs: 30_000,
      maxBytes: maxAnswer,
      allowPlainHttp: endpoint.startsWith("http:"),
      signal,
    }).catch((error: unknown) => {
      if (signal.aborted) throw error;
      throw new GoogleUnanswered(error instanceof Error ? error.message : String(error), { cause: error });
    });
    if (response.status !== 200) throw refusalOf(response);
    const value = jsonOf(response);
    if (isRecord(value)) return value;
    throw invalidAnswer(what, "it is no JSON object");
  }

  /** The same with another token where the present one is refused: it may have been revoked, or ended early. */
  async #withToken(call: GoogleCall, signal: AbortSignal): Promise<JsonRecord> {
    try {
      return await this.#once(call, signal);
    } catch (thrown) {
      if (!(thrown instanceof GoogleApiRefusal) || thrown.httpStatus !== 401) throw thrown;
      this.#tokens.forget();
      return this.#once(call, signal);
    }
  }

  /** A write, made once. Throws `GoogleApiRefusal`, and `GoogleUnanswered` where it may have been done. */
  write(call: GoogleCall, signal: AbortSignal, waiting: OnApiWait): Promise<JsonRecord> {
    return this.#retry.write(() => this.#withToken(call, signal), signal, waiting);
  }

  /** A read. Throws `GoogleApiRefusal` alone raw, all else as PodtrustError. */
  async read(call: GoogleCall, signal: AbortSignal, waiting: OnApiWait = () => {}): Promise<JsonRecord> {
    try {
      return await this.#retry.read(() => this.#withToken(call, signal), signal, waiting);
    } catch (thrown) {
      throw thrown instanceof GoogleUnanswered ? googleError(thrown, call.what) : thrown;
    }
  }

  /** All pages of a list. `key`: the member that holds the entries. Throws as `read`. */
  async list(call: GoogleCall, key: string, signal: AbortSignal): Promise<readonly unknown[]> {
    const found: unknown[] = [];
    const seen = new Set<string>();
    let page: string | undefined;
    for (let pages = 0; pages < maxPages; pages += 1) {
      const query = { ...call.query, ...defined({ pageToken: page }) };
      const answer = await this.read({ ...call, query }, signal);
      const items = answer[key];
      if (Array.isArray(items)) found.push(...(items as readonly unknown[]));
      const next = answer["nextPageToken"];
      if (typeof next !== "string" || next === "") return found;
      if (seen.has(next)) break;
      seen.add(next);
      page = next;
    }
    throw new PodtrustError("gcp-answer-invalid", `${call.what}: the pages of the list have no end`);
  }
}
