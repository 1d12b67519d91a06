import { type Clock, defined, type JsonRecord, PodtrustError } from "../base/index.ts";
import type { AccessTokenCache } from "./access-token-cache.ts";
import { ApiRetry, type OnApiWait } from "./api-retry.ts";
import {
  type ApiCall,
  apiError,
  ApiUnanswered,
  type ApiVendor,
  invalidAnswer,
  isRefusedWith,
  objectOf,
  refusalOf,
} from "./api-vendor.ts";
import { jsonBody } from "./json.ts";
import { request } from "./request.ts";

/** One API of a vendor, and the credentials for it. */
export interface ApiAccess<Title extends string = string> {
  readonly vendor: ApiVendor<Title>;
  /** The API's base, without a slash at its end. */
  readonly endpoint: string;
  /** Its access tokens: no other host is sent one. */
  readonly tokens: Pick<AccessTokenCache, "forget" | "get">;
  /** What goes with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly clock: Clock;
}

const maxPages = 100;

/** A vendor's API, asked with a bearer token. A 429 is waited out; no redirect is followed. */
export class ApiClient<Title extends string = string> {
  readonly clock: Clock;
  readonly #access: ApiAccess<Title>;
  readonly #retry: ApiRetry;

  constructor(access: ApiAccess<Title>) {
    const { clock, vendor } = access;
    this.#access = access;
    this.clock = clock;
    this.#retry = new ApiRetry({
      clock,
      isUnanswered: (thrown) => thrown instanceof ApiUnanswered,
      throttleOf: (thrown) =>
        isRefusedWith(thrown, 429)
          ? { waitsFor: `${vendor.title} takes no more requests for a while (429)`, minDelay: thrown.pauseMs }
          : undefined,
      throttled: vendor.throttled,
    });
  }

  /** Whose API it is. */
  get vendor(): ApiVendor<Title> {
    return this.#access.vendor;
  }

  /** Checks that the credentials get a token. Throws the vendor's errors of credentials. */
  async checkCredentials(signal: AbortSignal): Promise<void> {
    await this.#access.tokens.get(signal);
  }

  /** Throws a TypeError for a path that leads to another host, which would get the token. */
  #urlOf({ path, query }: ApiCall): string {
    const { endpoint } = this.#access;
    const search = query === undefined ? "" : `?${new URLSearchParams(query).toString()}`;
    const url = `${endpoint}${path}${search}`;
    if (URL.parse(url)?.origin === new URL(endpoint).origin) return url;
    throw new TypeError(`the path ${path} leads away from ${endpoint}`);
  }

  async #once(call: ApiCall, signal: AbortSignal): Promise<JsonRecord> {
    const { vendor, endpoint, tokens, headers: own } = this.#access;
    const url = this.#urlOf(call);
    const { headers, ...content } = jsonBody(call.body);
    const token = await tokens.get(signal);
    const response = await request(url, {
      method: call.method,
      headers: {
        authorization: `Bearer ${token}`,
        accept: "application/json",
        "user-agent": "podtrust",
        ...own,
        ...headers,
      },
      ...content,
      timeoutMs: 30_000,
      maxBytes: vendor.maxAnswer,
      allowPlainHttp: endpoint.startsWith("http:"),
      signal,
    }).catch((error: unknown) => {
      if (signal.aborted) throw error;
      throw new ApiUnanswered(error instanceof Error ? error.message : String(error), { cause: error });
    });
    if (response.status < 200 || response.status > 299) throw refusalOf(vendor, response);
    return objectOf(vendor, response, call.what);
  }

  /** The same with another token where the present one is refused: it may have been revoked, or ended early. */
  async #withToken(call: ApiCall, signal: AbortSignal): Promise<JsonRecord> {
    try {
      return await this.#once(call, signal);
    } catch (thrown) {
      if (!isRefusedWith(thrown, 401)) throw thrown;
      this.#access.tokens.forget();
      return this.#once(call, signal);
    }
  }

  /** One request: made again without an answer where the vendor's row says that it may be, else once. */
  #send(call: ApiCall, signal: AbortSignal, onWait: OnApiWait): Promise<JsonRecord> {
    const send = (): Promise<JsonRecord> => this.#withToken(call, signal);
    return this.vendor.mayRepeat(call)
      ? this.#retry.read(send, signal, onWait)
      : this.#retry.write(send, signal, onWait);
  }

  /** A write. Throws `ApiRefusal`, and `ApiUnanswered` where it may have been done. */
  write(call: ApiCall, signal: AbortSignal, onWait: OnApiWait): Promise<JsonRecord> {
    return this.#send(call, signal, onWait);
  }

  /** A read. Throws `ApiRefusal` alone raw, all else as PodtrustError. */
  async read(call: ApiCall, signal: AbortSignal, onWait: OnApiWait = () => {}): Promise<JsonRecord> {
    try {
      return await this.#send(call, signal, onWait);
    } catch (thrown) {
      throw thrown instanceof ApiUnanswered ? apiError(this.vendor, thrown, call.what) : thrown;
    }
  }

  #entries(answer: JsonRecord, key: string, what: string): readonly unknown[] {
    const entries = answer[key];
    if (Array.isArray(entries)) return entries as readonly unknown[];
    if (this.vendor.leavesOutEmptyLists) return [];
    throw invalidAnswer(this.vendor, what, "it has no list");
  }

  /** All pages of a list. `key`: the member that holds the entries. Throws as `read`. */
  async list(call: ApiCall, key: string, signal: AbortSignal): Promise<readonly unknown[]> {
    const { codes, nextPage } = this.vendor;
    const found: unknown[] = [];
    const seen = new Set<string>();
    let { query } = call;
    for (let pages = 0; pages < maxPages; pages += 1) {
      const answer = await this.read({ ...call, ...defined({ query }) }, signal);
      found.push(...this.#entries(answer, key, call.what));
      const next = nextPage(answer, call.what);
      if (next === undefined) return found;
      const [name, mark] = next;
      if (seen.has(mark)) break;
      seen.add(mark);
      query = { ...call.query, [name]: mark };
    }
    throw new PodtrustError(codes.invalid, `${call.what}: the pages of the list have no end`);
  }
}
