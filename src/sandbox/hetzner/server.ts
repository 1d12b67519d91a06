import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import { type Clock, errorText, type Logger } from "../../core/base/index.ts";
import { BodyRefused, type Exchange } from "../../core/listener/index.ts";
import type { HttpListener } from "../listener/index.ts";
import { HetznerApiError } from "./api-error.ts";
import { Body, parseBody } from "./body.ts";
import { type Mischief, openMischievousApi } from "../mischief/index.ts";
import { type HetznerMischief, refusalOf } from "./mischief.ts";
import type { HetznerProject } from "./project.ts";
import { answer, type HetznerReply } from "./routes.ts";

/** 64 characters each, as the API's. */
export interface HetznerTokens {
  readonly readWrite: string;
  readonly readOnly: string;
}

interface Wiring {
  readonly project: HetznerProject;
  readonly tokens: HetznerTokens;
  readonly mischief: Mischief<HetznerMischief>;
  readonly limit: HourlyLimit;
  readonly logger: Logger;
}

const maxBody = 256 * 1024;
const prefix = "/v1/";

/** The API's budget: a number of requests an hour, refilled one by one ("Rate Limiting"). */
export class HourlyLimit {
  readonly #perHour: number;
  readonly #clock: Clock;
  #left: number;
  #since: number;

  constructor(perHour: number, clock: Clock) {
    this.#perHour = perHour;
    this.#clock = clock;
    this.#left = perHour;
    this.#since = clock.elapsed();
  }

  /** Takes one; false if none is left. */
  take(): boolean {
    const gained = Math.floor(((this.#clock.elapsed() - this.#since) * this.#perHour) / 3_600_000);
    if (gained > 0) {
      this.#left = Math.min(this.#perHour, this.#left + gained);
      this.#since += (gained * 3_600_000) / this.#perHour;
    }
    if (this.#left === 0) return false;
    this.#left -= 1;
    return true;
  }

  /** The headers of every answer; `RateLimit-Reset` is when the budget is full again, in seconds of Unix time. */
  headers(): Record<string, string> {
    const whole = this.#clock.now() + ((this.#perHour - this.#left) * 3_600_000) / this.#perHour;
    return {
      "ratelimit-limit": String(this.#perHour),
      "ratelimit-remaining": String(this.#left),
      "ratelimit-reset": String(Math.ceil(whole / 1000)),
    };
  }
}

/** Throws 401 without a known token, and the refusal of a write with a read-only one. */
function authorize(authorization: string | undefined, method: string, { project, tokens }: Wiring): void {
  const token = /^Bearer (\S{1,200})$/u.exec(authorization ?? "")?.[1];
  if (token !== tokens.readWrite && token !== tokens.readOnly) {
    throw new HetznerApiError(401, "unauthorized", "the token you provided is invalid");
  }
  if (token === tokens.readWrite || method === "GET") return;
  throw project.variants.readOnlyRefusal === "forbidden"
    ? new HetznerApiError(403, "forbidden", "insufficient permissions")
    : new HetznerApiError(401, "token_readonly", "token is only allowed to perform GET requests");
}

async function work(exchange: Exchange, wiring: Wiring): Promise<HetznerReply> {
  const { incoming } = exchange;
  const { method = "GET", url = "/" } = incoming;
  authorize(incoming.headers.authorization, method, wiring);
  if (!wiring.limit.take()) {
    throw new HetznerApiError(429, "rate_limit_exceeded", "limit of requests per hour reached");
  }
  const target = URL.parse(url, "http://stand-in.invalid");
  if (target === null || !target.pathname.startsWith(prefix)) {
    throw new HetznerApiError(404, "not_found", "endpoint not found");
  }
  const text = (await exchange.readBody(maxBody)).toString("utf8");
  return answer(wiring.project, {
    method,
    parts: target.pathname.slice(prefix.length).replace(/\/$/u, "").split("/"),
    query: target.searchParams,
    body: method === "GET" ? new Body({}) : parseBody(text),
  });
}

function problemOf(error: unknown, { project }: Wiring): HetznerReply {
  if (error instanceof BodyRefused) {
    return {
      status: error.status,
      body: new HetznerApiError(error.status, "json_error", error.message).toObject(),
    };
  }
  const problem =
    error instanceof HetznerApiError ? error : new HetznerApiError(500, "server_error", errorText(error));
  const bare = problem.code === "invalid_input" && !project.variants.invalidInputDetails;
  const shown = bare ? new HetznerApiError(problem.status, problem.code, problem.message) : problem;
  return { status: shown.status, body: shown.toObject() };
}

function send(outgoing: ServerResponse, { status, body }: HetznerReply, wiring: Wiring): void {
  const text = body === undefined ? "" : JSON.stringify(body);
  outgoing.writeHead(status, {
    ...(body === undefined
      ? {}
      : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
    date: new Date(wiring.project.now()).toUTCString(),
    "x-correlation-id": randomBytes(8).toString("hex"),
    "x-podtrust": "stand-in Hetzner Cloud",
    ...wiring.limit.headers(),
  });
  outgoing.end(text);
}

/** The HTTP server of a stand-in for the Hetzner Cloud API, on loopback. */
export function openHetznerServer(port: number, wiring: Wiring): Promise<HttpListener> {
  const refused = (kind: HetznerMischief): HetznerReply | undefined => {
    const refusal = refusalOf(kind);
    return refusal === undefined ? undefined : problemOf(refusal, wiring);
  };
  return openMischievousApi(
    { port },
    {
      name: "stand-in Hetzner Cloud",
      prefix,
      mischief: wiring.mischief,
      logger: wiring.logger,
      refusal: refused,
      instead: (kind) => (kind === "late-timeout" ? refused("timeout") : undefined),
      work: (exchange) => work(exchange, wiring).catch((error: unknown) => problemOf(error, wiring)),
      send: (outgoing, reply) => send(outgoing, reply, wiring),
    },
  );
}
