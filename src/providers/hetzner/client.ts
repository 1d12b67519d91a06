import {
  type Clock,
  defined,
  errorText,
  type JsonRecord,
  PodtrustError,
  retry,
  until,
} from "../../core/base/index.ts";
import { type ConnectTo, type HttpResponse, jsonBody, request } from "../../core/http/index.ts";
import { type HetznerOperation, isHetznerCode, lostError, refusalOf, verdictOf } from "./failure.ts";
import { AnswerFields } from "./fields.ts";
import { RequestBudget } from "./request-budget.ts";

export interface HetznerAccess {
  /** The API's base URL, as `endpointOf` gives it. */
  readonly endpoint: string;
  readonly token: string;
  readonly clock: Clock;
  /** PEM certificates to verify an endpoint with, in place of the public roots. */
  readonly ca?: readonly string[];
  readonly connectTo?: readonly ConnectTo[];
  /** Called with the reason why requests have to wait. */
  readonly onSlowDown?: (reason: string) => void;
}

/** One change at the API. */
export interface ChangeRequest {
  readonly method: "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly body?: JsonRecord;
  /** In words: `creating server prod`. */
  readonly during: string;
}

/** Parameters of a query; one of a name may stand there several times. */
export type Query = readonly (readonly [string, string])[];

const second = 1000;
const requestTimeout = 30 * second;
// Fifty servers with type and image whole are about 300 kB.
const maxAnswer = 8 * 1024 * 1024;
const perPage = 50;
// A project holds far fewer than ten thousand of anything.
const maxPages = 200;

/** How long what was made is looked for in a list that lags. */
const foundWithin = 10 * second;

/** As often, and after as long, as Hetzner's own Go client tries again; a used up budget is waited for longer. */
const tries = {
  name: "Hetzner's own clients try five times more",
  delays: [1, 2, 4, 8, 16, 30].map((seconds) => seconds * second),
  giveUpAfter: 600 * second,
};
const maxRetries = 5;

/**
 * The Hetzner Cloud API (https://docs.hetzner.cloud/reference/cloud), as far as podtrust uses it. Answers are validated
 * here and where their fields are read. Every method throws `hetzner-*`, or `interrupted` when the signal ends it.
 */
export class HetznerApi {
  readonly clock: Clock;
  readonly #access: HetznerAccess;
  readonly #pace: RequestBudget;

  constructor(access: HetznerAccess) {
    this.#access = access;
    this.clock = access.clock;
    this.#pace = new RequestBudget(access.clock, access.onSlowDown);
  }

  async #once(
    operation: HetznerOperation,
    body: JsonRecord | undefined,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const { endpoint, token, ca, connectTo } = this.#access;
    const { headers, ...content } = jsonBody(body);
    await this.#pace.untilAllowed(signal);
    try {
      return await request(`${endpoint}/${operation.path}`, {
        method: operation.method,
        headers: {
          accept: "application/json",
          authorization: `Bearer ${token}`,
          "user-agent": "podtrust",
          ...headers,
        },
        ...content,
        timeoutMs: requestTimeout,
        maxBytes: maxAnswer,
        signal,
        // What `endpointOf` let through is loopback.
        allowPlainHttp: true,
        ...defined({ ca, connectTo }),
      });
    } catch (error) {
      throw lostError(error, operation);
    }
  }

  async #exchange(
    operation: HetznerOperation,
    body: JsonRecord | undefined,
    signal: AbortSignal,
  ): Promise<AnswerFields> {
    const answer = await this.#once(operation, body, signal);
    this.#pace.learn(answer.headers);
    if (answer.status < 200 || answer.status > 299) throw refusalOf(answer, operation);
    if (answer.status === 204 || answer.body.length === 0) return new AnswerFields({}, operation.path);
    try {
      return new AnswerFields(JSON.parse(answer.body.toString("utf8")), operation.path);
    } catch (error) {
      const sentence = `${operation.during}: Hetzner's answer is no JSON object: ${errorText(error)}`;
      throw new PodtrustError("hetzner-answer-invalid", sentence, { cause: error });
    }
  }

  /** Retries where that is safe; after a failure that may have done the work, `settle` checks whether it did. */
  #persist<T>(work: () => Promise<T>, signal: AbortSignal, settle: () => Promise<T | undefined>): Promise<T> {
    let failures = 0;
    let isUnsure = false;
    const attempt = async (): Promise<T> => {
      const found = isUnsure ? await settle() : undefined;
      return found ?? work();
    };
    return retry(attempt, {
      schedule: tries,
      clock: this.clock,
      signal,
      retryable(error) {
        const verdict = verdictOf(error);
        if (verdict === "unknown") isUnsure = true;
        if (!isHetznerCode(error, "rate_limit_exceeded")) failures += 1;
        return verdict !== "final" && failures <= maxRetries;
      },
    });
  }

  /** GET, tried again where that may help. */
  get(path: string, during: string, signal: AbortSignal, query: Query = []): Promise<AnswerFields> {
    const search = new URLSearchParams(query.map(([name, value]) => [name, value])).toString();
    const operation = { during, method: "GET", path: search === "" ? path : `${path}?${search}` };
    const ask = (): Promise<AnswerFields> => this.#exchange(operation, undefined, signal);
    return this.#persist(ask, signal, () => Promise.resolve(undefined));
  }

  /** All of a list, page after page as `next_page` says; a list without `meta` has one. */
  list(path: string, signal: AbortSignal, query: Query = []): Promise<readonly AnswerFields[]> {
    return this.listAt(path, path, signal, query);
  }

  /** The same of a list whose key in the answer is not its path. */
  async listAt(
    path: string,
    key: string,
    signal: AbortSignal,
    query: Query,
  ): Promise<readonly AnswerFields[]> {
    const found: AnswerFields[] = [];
    let page = 1;
    for (let pages = 0; pages < maxPages; pages += 1) {
      const paging: Query = [
        ["page", String(page)],
        ["per_page", String(perPage)],
      ];
      const answer = await this.get(path, `listing ${path}`, signal, [...query, ...paging]);
      found.push(...answer.neededList(key));
      const next = answer.optionalFields("meta")?.optionalFields("pagination")?.number("next_page", 0) ?? 0;
      if (next === 0) return found;
      if (next <= page) break;
      page = next;
    }
    throw new PodtrustError("hetzner-answer-invalid", `listing ${path}: its pages have no end`);
  }

  /** A change that does no harm when it is made twice: PUT, DELETE, and POST of what an action sets. */
  change({ method, path, body, during }: ChangeRequest, signal: AbortSignal): Promise<AnswerFields> {
    const ask = (): Promise<AnswerFields> => this.#exchange({ during, method, path }, body, signal);
    return this.#persist(ask, signal, () => Promise.resolve(undefined));
  }

  /**
   * Makes something. The API knows no idempotency keys: after a failure that may have made it, `find` looks for it
   * before it is made again. Gives the answer, or what was found.
   */
  async create<T>(
    operation: Omit<ChangeRequest, "method">,
    signal: AbortSignal,
    find: () => Promise<T | undefined>,
  ): Promise<{ readonly answer: AnswerFields } | { readonly found: T }> {
    type Made = { readonly answer: AnswerFields } | { readonly found: T };
    const settle = async (): Promise<Made | undefined> => {
      const found = await find();
      return found === undefined ? undefined : { found };
    };
    const { path, body, during } = operation;
    const ask = async (): Promise<Made> => ({
      answer: await this.#exchange({ during, method: "POST", path }, body, signal),
    });
    try {
      return await this.#persist(ask, signal, settle);
    } catch (error) {
      // The name may be taken by an earlier try of ours, or by another run of this stack.
      if (!isHetznerCode(error, "uniqueness_error")) throw error;
      return until<Made>({
        clock: this.clock,
        withinMs: foundWithin,
        delays: [second],
        signal,
        // The list may not show it yet.
        look: async () => {
          const found = await settle();
          return found === undefined ? { waitsFor: operation.during } : { is: found };
        },
        late: () => error,
      });
    }
  }
}
