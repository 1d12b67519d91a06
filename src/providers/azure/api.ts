import { type Clock, isRecord, type JsonRecord, PodtrustError, textOf } from "../../core/base/index.ts";
import { ApiRetry, jsonBody, jsonOf, type OnApiWait, request } from "../../core/http/index.ts";
import type { AzureAccessTokens } from "./credentials/index.ts";
import { azureError, AzureRefusal, AzureUnanswered, invalidAnswer, refusalOf } from "./failure.ts";

/** One of Azure's APIs, and the credentials for it. */
export interface AzureAccess {
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** What its access tokens are for: the API's own address in its cloud. */
  readonly resource: string;
  readonly tokens: AzureAccessTokens;
  readonly clock: Clock;
}

/** One request. */
export interface AzureCall {
  readonly method: "DELETE" | "GET" | "PATCH" | "POST" | "PUT";
  /** Below the API's base: `/subscriptions/…`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** For errors: `making the identity web`. */
  readonly what: string;
}

// Its limits are by the second, and an identity's writes are few: a throttled request passes soon.
const throttled = { delays: [4000, 8000, 15_000, 30_000], giveUpAfter: 300_000 };
const maxAnswer = 4 * 1024 * 1024;
const maxPages = 100;

/** Azure Resource Manager or Microsoft Graph. A 429 is waited out for as long as its Retry-After says. */
export class AzureApi {
  readonly clock: Clock;
  readonly #access: AzureAccess;
  readonly #retry: ApiRetry;

  constructor(access: AzureAccess) {
    this.#access = access;
    this.clock = access.clock;
    this.#retry = new ApiRetry({
      clock: access.clock,
      isUnanswered: (thrown) => thrown instanceof AzureUnanswered,
      throttleOf: (thrown) =>
        thrown instanceof AzureRefusal && thrown.status === 429
          ? { waitsFor: "Azure takes no more requests for a while (429)", minDelay: thrown.pauseMs }
          : undefined,
      throttled,
    });
  }

  /** Checks that the credentials get a token. Throws `azure-*`. */
  async checkCredentials(signal: AbortSignal): Promise<void> {
    await this.#access.tokens.get(this.#access.resource, signal);
  }

  async #once({ method, path, query, body, what }: AzureCall, signal: AbortSignal): Promise<JsonRecord> {
    const { endpoint, resource, tokens } = this.#access;
    const { headers, ...content } = jsonBody(body);
    const search = query === undefined ? "" : `?${new URLSearchParams(query).toString()}`;
    const token = await tokens.get(resource, signal);
    const response = await request(`${endpoint}${path}${search}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        accept: "application/json",
        "user-agent": "podtrust",
        ...headers,
      },
      ...content,
      timeoutMs: 30_000,
      maxBytes: maxAnswer,
      allowPlainHttp: endpoint.startsWith("http:"),
      signal,
    }).catch((error: unknown) => {
      if (signal.aborted) throw error;
      throw new AzureUnanswered(error instanceof Error ? error.message : String(error), { cause: error });
    });
    if (response.status < 200 || response.status > 299) throw refusalOf(response);
    const value = response.body.length === 0 ? {} : jsonOf(response);
    if (isRecord(value)) return value;
    throw invalidAnswer(what, "it is no JSON object");
  }

  /** The same with another token where the present one is refused: it may have been revoked, or ended early. */
  async #withToken(call: AzureCall, signal: AbortSignal): Promise<JsonRecord> {
    try {
      return await this.#once(call, signal);
    } catch (thrown) {
      if (!(thrown instanceof AzureRefusal) || thrown.status !== 401) throw thrown;
      const { tokens, resource } = this.#access;
      tokens.forget(resource);
      return this.#once(call, signal);
    }
  }

  /** A write, made once. Throws `AzureRefusal`, and `AzureUnanswered` where it may have been done. */
  write(call: AzureCall, signal: AbortSignal, onWait: OnApiWait): Promise<JsonRecord> {
    return this.#retry.write(() => this.#withToken(call, signal), signal, onWait);
  }

  /** A read. Throws `AzureRefusal` alone raw, all else as PodtrustError. */
  async read(call: AzureCall, signal: AbortSignal, onWait: OnApiWait = () => {}): Promise<JsonRecord> {
    try {
      return await this.#retry.read(() => this.#withToken(call, signal), signal, onWait);
    } catch (thrown) {
      throw thrown instanceof AzureUnanswered ? azureError(thrown, call.what) : thrown;
    }
  }

  /** All pages of a list. Throws as `read`. */
  async list(call: AzureCall, signal: AbortSignal): Promise<readonly unknown[]> {
    const found: unknown[] = [];
    const seen = new Set<string>();
    let page: Readonly<Record<string, string>> = {};
    for (let pages = 0; pages < maxPages; pages += 1) {
      const answer = await this.read({ ...call, query: { ...call.query, ...page } }, signal);
      if (!Array.isArray(answer["value"])) throw invalidAnswer(call.what, "it has no list");
      found.push(...(answer["value"] as readonly unknown[]));
      const next = nextPage(answer, call.what);
      if (next === undefined) return found;
      const [, token = ""] = Object.entries(next)[0] ?? [];
      if (seen.has(token)) break;
      seen.add(token);
      page = next;
    }
    throw new PodtrustError("azure-answer-invalid", `${call.what}: the pages of the list have no end`);
  }
}

// The answer gives the address of the next page: only the page's mark of it is used, so that no token goes elsewhere.
function nextPage(answer: JsonRecord, what: string): Readonly<Record<string, string>> | undefined {
  const link = textOf(answer["nextLink"]) ?? textOf(answer["@odata.nextLink"]) ?? "";
  if (link === "") return undefined;
  const marks = [...(URL.parse(link)?.searchParams ?? [])];
  const found = marks.find(([name]) => /^\$skiptoken$/iu.test(name));
  if (found === undefined) throw invalidAnswer(what, "it does not say which page is next");
  return { [found[0]]: found[1] };
}
