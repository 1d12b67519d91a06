import {
  type Clock,
  isRecord,
  type JsonRecord,
  PodtrustError,
  retry,
  type RetrySchedule,
  until,
} from "../../core/base/index.ts";
import { jsonOf, request } from "../../core/http/index.ts";
import { AccessTokens, type GoogleCredentials } from "./credentials/index.ts";
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

/** Called for waits: why, and until when (milliseconds of `Clock.elapsed()`). */
export type OnGoogleWait = (reason: string, deadline: number) => void;

const reads: RetrySchedule = {
  name: "a read that got no answer is asked again within half a minute",
  delays: [300, 1000, 3000, 8000],
  giveUpAfter: 30_000,
};

// A project's quota of writes is counted by the minute (IAM, "Quotas and limits").
const throttled = { delays: [1000, 2000, 5000, 10_000, 20_000], giveUpAfter: 180_000 };
const maxAnswer = 8 * 1024 * 1024;
const maxPages = 100;

/**
 * Google's IAM API, version 1. What reads is asked again when no answer came; what writes is not, since nobody knows
 * whether it was done: whoever writes looks before he writes again. A 429 says that nothing was done, and is waited out.
 */
export class GoogleApi {
  readonly clock: Clock;
  readonly #access: GoogleAccess;
  readonly #tokens: AccessTokens;

  constructor(access: GoogleAccess) {
    this.#access = access;
    this.clock = access.clock;
    this.#tokens = new AccessTokens(access.credentials, access.clock);
  }

  /** Makes sure that the credentials are good for a token. Throws `gcp-*`. */
  async checkCredentials(signal: AbortSignal): Promise<void> {
    await this.#tokens.get(signal);
  }

  async #once(call: GoogleCall, signal: AbortSignal): Promise<JsonRecord> {
    const { method, path, query, body, what } = call;
    const { endpoint, credentials } = this.#access;
    const { quotaProject } = credentials;
    const search = query === undefined ? "" : `?${new URLSearchParams(query).toString()}`;
    const token = await this.#tokens.get(signal);
    const response = await request(`${endpoint}${path}${search}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        accept: "application/json",
        "user-agent": "podtrust",
        ...(quotaProject === undefined ? {} : { "x-goog-user-project": quotaProject }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
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

  /** The same with another token where the one in hand is refused: it may have been revoked, or ended early. */
  async #withToken(call: GoogleCall, signal: AbortSignal): Promise<JsonRecord> {
    try {
      return await this.#once(call, signal);
    } catch (thrown) {
      if (!(thrown instanceof GoogleApiRefusal) || thrown.httpStatus !== 401) throw thrown;
      this.#tokens.forget();
      return this.#once(call, signal);
    }
  }

  /** One request, a 429 waited out. Throws `GoogleApiRefusal` and `GoogleUnanswered`. */
  #paced(call: GoogleCall, signal: AbortSignal, waiting: OnGoogleWait): Promise<JsonRecord> {
    let refusal: GoogleApiRefusal | undefined;
    return until<JsonRecord>({
      clock: this.clock,
      withinMs: throttled.giveUpAfter,
      delays: throttled.delays,
      signal,
      look: async () => {
        try {
          return { is: await this.#withToken(call, signal) };
        } catch (thrown) {
          if (!(thrown instanceof GoogleApiRefusal) || thrown.httpStatus !== 429) throw thrown;
          refusal = thrown;
          return { waitsFor: "Google takes no more requests for a while (429)", minDelay: thrown.pauseMs };
        }
      },
      onWait: waiting,
      late: () => refusal,
    });
  }

  /** A write, made once. Throws `GoogleApiRefusal`, and `GoogleUnanswered` where it may have been done. */
  write(call: GoogleCall, signal: AbortSignal, waiting: OnGoogleWait): Promise<JsonRecord> {
    return this.#paced(call, signal, waiting);
  }

  /** A read. Throws `GoogleApiRefusal` alone raw, all else as PodtrustError. */
  async read(call: GoogleCall, signal: AbortSignal, waiting: OnGoogleWait = () => {}): Promise<JsonRecord> {
    try {
      return await retry(() => this.#paced(call, signal, waiting), {
        schedule: reads,
        clock: this.clock,
        signal,
        retryable: (error) => error instanceof GoogleUnanswered && !signal.aborted,
      });
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
      const query = { ...call.query, ...(page === undefined ? {} : { pageToken: page }) };
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
