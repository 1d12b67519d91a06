import { type Clock, PodtrustError } from "../../core/base/index.ts";
import {
  ApiRetry,
  type HttpResponse,
  jsonBody,
  type OnApiWait,
  request,
  type Throttle,
} from "../../core/http/index.ts";
import type { CloudflareAccess } from "./access.ts";
import { type CloudflareAnswer, readAnswer } from "./answer.ts";
import { cloudflareError, CloudflareRefusal, Unanswered } from "./failure.ts";

/** One request. */
export interface CloudflareCall {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Below the API's base, as `/zones`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** For errors: `listing the zone example.com`. */
  readonly what: string;
}

// A client that exceeds 1,200 requests in five minutes is shut out for five more (Cloudflare API, "Rate limits").
const throttled = { delays: [0], giveUpAfter: 660_000 };
const maxPause = 330_000;
const maxPages = 200;

/** Seconds or nothing: the API says no date. */
function pauseOf({ headers }: HttpResponse): number {
  const seconds = Number(headers["retry-after"] ?? "5");
  return Math.min(Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : 5000, maxPause);
}

/** Carries its wait from the answer to the schedule. */
class TooMany extends CloudflareRefusal {
  readonly pauseMs: number;

  constructor(refusal: CloudflareRefusal, pauseMs: number) {
    super(refusal.status, refusal.faults, refusal.ray);
    this.pauseMs = pauseMs;
  }
}

function throttleOf(thrown: unknown): Throttle | undefined {
  if (!(thrown instanceof TooMany)) return undefined;
  const seconds = Math.ceil(thrown.pauseMs / 1000);
  const waitsFor = `Cloudflare takes no requests for ${seconds} s (429, Retry-After)`;
  return { waitsFor, minDelay: thrown.pauseMs };
}

/** Cloudflare's API, version 4. */
export class CloudflareApi {
  readonly #access: CloudflareAccess;
  readonly #retry: ApiRetry;

  constructor(access: CloudflareAccess, clock: Clock) {
    this.#access = access;
    const isUnanswered = (thrown: unknown): boolean => thrown instanceof Unanswered;
    this.#retry = new ApiRetry({ clock, isUnanswered, throttleOf, throttled });
  }

  async #once(call: CloudflareCall, signal: AbortSignal): Promise<CloudflareAnswer> {
    const { method, path, query, body } = call;
    const { baseUrl, token } = this.#access;
    const { headers, ...content } = jsonBody(body);
    const search = query === undefined ? "" : `?${new URLSearchParams(query).toString()}`;
    const options = {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        accept: "application/json",
        "user-agent": "podtrust",
        ...headers,
      },
      ...content,
      timeoutMs: 30_000,
      maxBytes: 8 * 1024 * 1024,
      allowPlainHttp: baseUrl.startsWith("http:"),
      signal,
    };
    const response = await request(`${baseUrl}${path}${search}`, options).catch((error: unknown) => {
      if (signal.aborted) throw error;
      throw new Unanswered(error instanceof Error ? error.message : String(error), { cause: error });
    });
    try {
      return readAnswer(response);
    } catch (thrown) {
      if (thrown instanceof CloudflareRefusal && thrown.status === 429)
        throw new TooMany(thrown, pauseOf(response));
      throw thrown;
    }
  }

  /** A write, made once. Throws `Refusal`, and `Unanswered` where it may have been done. */
  write(call: CloudflareCall, signal: AbortSignal, waiting: OnApiWait): Promise<CloudflareAnswer> {
    return this.#retry.write(() => this.#once(call, signal), signal, waiting);
  }

  /** A read. Throws `Refusal` alone raw, all else as PodtrustError. */
  async read(call: CloudflareCall, signal: AbortSignal, waiting: OnApiWait): Promise<CloudflareAnswer> {
    try {
      return await this.#retry.read(() => this.#once(call, signal), signal, waiting);
    } catch (thrown) {
      throw thrown instanceof Unanswered ? cloudflareError(thrown, call.what) : thrown;
    }
  }

  /** All pages of a list. Throws as `read`. */
  async list(
    call: CloudflareCall,
    perPage: number,
    signal: AbortSignal,
    waiting: OnApiWait,
  ): Promise<readonly unknown[]> {
    const found: unknown[] = [];
    for (let page = 1; page <= maxPages; page += 1) {
      const query = { ...call.query, page: String(page), per_page: String(perPage) };
      const { result, pages } = await this.read({ ...call, query }, signal, waiting);
      const items = Array.isArray(result) ? (result as readonly unknown[]) : [];
      found.push(...items);
      if (items.length === 0 || (pages !== undefined && page >= pages)) return found;
    }
    throw new PodtrustError(
      "cloudflare-answer-invalid",
      `${call.what}: the list has no end, or more than ${maxPages * perPage} entries`,
    );
  }
}
