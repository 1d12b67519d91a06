import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Clock, defined, errorText, type Logger, mapped } from "../../core/base/index.ts";
import { BodyRefused, type Exchange } from "../../core/listener/index.ts";
import type { HttpListener, ListenerOptions } from "../listener/index.ts";
import { type Mischief, openMischievousApi } from "../mischief/index.ts";
import { CloudflareApiError, MalformedAuthorization } from "./api-error.ts";
import type { CloudflareMischief } from "./mischief.ts";
import { type CloudflareAccount, answer, type Success } from "./routes.ts";

/** Rights of a token: change records of its zones, read them, or only verify itself. */
export interface CloudflareTokens {
  readonly edit: string;
  readonly read: string;
}

interface Wiring {
  readonly account: CloudflareAccount;
  readonly tokens: CloudflareTokens;
  readonly mischief: Mischief<CloudflareMischief>;
  readonly budget: Budget;
  readonly logger: Logger;
}

const maxBody = 256 * 1024;
const prefix = "/client/v4/";

/** 1,200 requests in five minutes; a client above that is blocked for the next five (Cloudflare, "Rate limits"). */
export class Budget {
  readonly #maxRequests: number;
  readonly #clock: Clock;
  #since: number;
  #used = 0;
  #shutUntil = Number.NEGATIVE_INFINITY;

  constructor(maxRequests: number, clock: Clock) {
    this.#maxRequests = maxRequests;
    this.#clock = clock;
    this.#since = clock.elapsed();
  }

  /** Seconds to wait; 0: none. */
  take(): number {
    const now = this.#clock.elapsed();
    if (now < this.#shutUntil) return Math.ceil((this.#shutUntil - now) / 1000);
    if (now - this.#since >= window) {
      this.#since = now;
      this.#used = 0;
    }
    this.#used += 1;
    if (this.#used <= this.#maxRequests) return 0;
    this.#shutUntil = now + window;
    return window / 1000;
  }

  headers(): Record<string, string> {
    const left = Math.max(0, this.#maxRequests - this.#used);
    const reset = Math.max(0, Math.ceil((this.#since + window - this.#clock.elapsed()) / 1000));
    return {
      ratelimit: `"default";r=${left};t=${reset}`,
      "ratelimit-policy": `"burst";q=${this.#maxRequests};w=${window / 1000}`,
    };
  }
}

const window = 300_000;

interface CloudflareReply {
  readonly status: number;
  readonly body: object;
  readonly retryAfter?: number;
}

/** An invalid token is reported as such only on its own page; elsewhere like a missing right (9109). */
function unknownToken(url: string): CloudflareApiError {
  const target = URL.parse(url, "http://stand-in.invalid");
  return target?.pathname === `${prefix}user/tokens/verify`
    ? new CloudflareApiError(401, 1000, "Invalid API Token")
    : new CloudflareApiError(403, 9109, "Invalid access token");
}

function authorize({ method = "GET", url = "/", headers }: IncomingMessage, { tokens }: Wiring): void {
  const token = /^Bearer (\S{1,200})$/u.exec(headers.authorization ?? "")?.[1];
  if (token === undefined) throw new MalformedAuthorization();
  if (token === tokens.edit || (token === tokens.read && method === "GET")) return;
  throw token === tokens.read
    ? new CloudflareApiError(403, 10_000, "Authentication error")
    : unknownToken(url);
}

function parsed(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new CloudflareApiError(400, 9207, "Request body is invalid.");
  }
}

async function work(exchange: Exchange, wiring: Wiring): Promise<CloudflareReply> {
  const { incoming } = exchange;
  const { method = "GET", url = "/" } = incoming;
  authorize(incoming, wiring);
  const wait = wiring.budget.take();
  if (wait > 0) return tooMany(wait);
  const target = URL.parse(url, "http://stand-in.invalid");
  if (target === null || !target.pathname.startsWith(prefix))
    throw new CloudflareApiError(404, 7003, "No route for that URI");
  const text = (await exchange.readBody(maxBody)).toString("utf8");
  const success: Success = answer(wiring.account, {
    method,
    parts: target.pathname.slice(prefix.length).replace(/\/$/u, "").split("/"),
    query: target.searchParams,
    body: method === "GET" ? undefined : parsed(text),
    isReadOnly: incoming.headers.authorization === `Bearer ${wiring.tokens.read}`,
  });
  const { result, info } = success;
  const page = defined({ result_info: info });
  return { status: 200, body: { success: true, errors: [], messages: [], result, ...page } };
}

function tooMany(seconds: number): CloudflareReply {
  const error = new CloudflareApiError(
    429,
    10_429,
    "Rate limited. Please wait before retrying your request.",
  );
  return { status: 429, body: error.toObject(false), retryAfter: seconds };
}

function problemOf(error: unknown, { account }: Wiring): CloudflareReply {
  const known =
    error instanceof BodyRefused ? new CloudflareApiError(error.status, 9207, error.message) : error;
  const problem =
    known instanceof CloudflareApiError ? known : new CloudflareApiError(500, 10_500, errorText(known));
  return { status: problem.status, body: problem.toObject(account.variants.validationErrors === "chained") };
}

function send(
  outgoing: ServerResponse,
  { status, body, retryAfter }: CloudflareReply,
  { budget }: Wiring,
): void {
  const text = JSON.stringify(body);
  outgoing.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "cf-ray": `${randomBytes(8).toString("hex")}-FRA`,
    "x-podtrust": "stand-in Cloudflare",
    ...budget.headers(),
    ...defined({ "retry-after": mapped(retryAfter, String) }),
  });
  outgoing.end(text);
}

/** The answer in place of the work; undefined if the work is done. */
function refusalOf(kind: CloudflareMischief, wiring: Wiring): CloudflareReply | undefined {
  if (kind === "rate-limit") return tooMany(1);
  return kind === "server-error"
    ? problemOf(new CloudflareApiError(500, 10_500, "Internal error"), wiring)
    : undefined;
}

/** The server of a stand-in for Cloudflare's API, on loopback; with `tls` for clients whose URL is fixed. */
export function openCloudflareServer(
  where: Pick<ListenerOptions, "port" | "tls">,
  wiring: Wiring,
): Promise<HttpListener> {
  return openMischievousApi(where, {
    name: "stand-in Cloudflare",
    prefix,
    mischief: wiring.mischief,
    logger: wiring.logger,
    refusal: (kind) => refusalOf(kind, wiring),
    work: (exchange) => work(exchange, wiring).catch((error: unknown) => problemOf(error, wiring)),
    send: (outgoing, reply) => send(outgoing, reply, wiring),
  });
}
