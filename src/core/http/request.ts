import { once } from "node:events";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { RequestOptions } from "node:https";
import { isIP } from "node:net";
import { checkServerIdentity, type ConnectionOptions, TLSSocket } from "node:tls";
import { collectBytes, defined, hostName, mapped, PodtrustError } from "../base/index.ts";
import { tlsFacts, type TlsFacts } from "./chain.ts";
import type { ConnectionPool } from "./connections.ts";
import type { ExchangeObserver } from "./exchange.ts";
import { httpFailure, reasonOf } from "./failure.ts";
import { judgedLookup } from "./judged-lookup.ts";
import { connectHost } from "./loopback.ts";
import { proxyName } from "./egress.ts";
import { throughProxy } from "./tunnel.ts";
import { type ConnectionWay, wayOf, type WayOptions } from "./way.ts";

// An `import` of node:http evaluates its lazy WebSocket exports as well: 17 MB of undici that nothing here needs.
const { request: plainRequest } = process.getBuiltinModule("node:http");
const { request: secureRequest } = process.getBuiltinModule("node:https");

export interface HttpOptions extends WayOptions {
  /** GET by default. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Milliseconds for the whole exchange, from the look-up of the name to the last byte; 10,000 by default. */
  readonly timeoutMs?: number;
  /** The largest body that is accepted, in bytes; 1 MiB by default. */
  readonly maxBytes?: number;
  /** PEM certificates that are trusted in place of the public roots. */
  readonly ca?: string | readonly string[];
  /** A client certificate and its key, PEM. */
  readonly cert?: string;
  readonly key?: string;
  readonly signal?: AbortSignal;
  /** Lets `http:` URLs through: for challenges, proxies on loopback, and nothing that is trusted. */
  readonly allowPlainHttp?: boolean;
  /**
   * SHA-1 thumbprints, 40 hex digits: a chain that no root vouches for is accepted when it holds one of them, as IAM
   * does. Name and dates are still checked.
   */
  readonly thumbprints?: readonly string[];
  /** Sees addresses, times and chain, also of an exchange that fails. */
  readonly observer?: ExchangeObserver;
}

/** An answer that lasts for as long as both sides want. */
export interface HttpStream {
  readonly status: number;
  /** Names in lower case; several of one name are joined by a comma and a space. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body as it comes. Throws as `receive` does when the connection breaks or is silent. */
  readonly body: AsyncIterable<Buffer>;
}

export interface ReceiveOptions extends Omit<HttpOptions, "maxBytes" | "connections"> {
  /** Milliseconds without a byte after which the server counts as dead. `timeoutMs` holds until the answer begins. */
  readonly silenceMs: number;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case; several of one name are joined by a comma and a space. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Absent for plain HTTP, and where connections are kept. */
  readonly tls?: TlsFacts;
}

const defaultTimeout = 10_000;
const defaultMaxBytes = 1024 * 1024;
const maxHeaderSize = 32 * 1024;
/** Milliseconds of silence after which TCP asks the other side: a lost way is found ten seconds later. */
const keepAliveMs = 30_000;

function checkedUrl(text: string, options: HttpOptions): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && url.username + url.password !== "") {
    // Every error names the URL, and so would every log: a password has no place in it.
    const sentence = `the URL at ${url.host} has a user name or password in it`;
    throw new PodtrustError("http-url-invalid", sentence, { detail: { url: url.origin } });
  }
  const schemes = options.allowPlainHttp === true ? ["https:", "http:"] : ["https:"];
  if (url === undefined || !schemes.includes(url.protocol)) {
    throw new PodtrustError("http-url-invalid", `${text} is not an ${schemes.join(" or ")} URL`, {
      detail: { url: text },
    });
  }
  return url;
}

// Node frames the body of a DELETE only when it is given its length; unframed, servers do not see it.
function lengthOf(body: HttpOptions["body"]): Readonly<Record<string, string>> {
  return defined({ "content-length": mapped(body, (value) => String(Buffer.byteLength(value))) });
}

function requestOptions(
  url: URL,
  target: ConnectionWay,
  options: HttpOptions,
  signal: AbortSignal,
): RequestOptions {
  const secure = url.protocol === "https:";
  const name = hostName(url);
  const base: RequestOptions = {
    method: options.method ?? "GET",
    host: connectHost(target.host),
    port: target.port,
    ...defined({ lookup: mapped(options.mayConnect, (may) => judgedLookup(target.port, may)) }),
    path: url.pathname + url.search,
    // `host` above is where we connect; the Host header stays the URL's.
    headers: { host: url.host, "accept-encoding": "identity", ...lengthOf(options.body), ...options.headers },
    agent: false,
    maxHeaderSize,
  };
  if (!secure) return base;
  const tls = tlsOptions(name, options);
  if (target.proxy === undefined) return { ...base, ...tls, ...identityCheck(name, options.connections) };
  const tunnelled: ConnectionOptions = {
    ...tls,
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
  };
  const createConnection = throughProxy(target.proxy, { ...target, tls: tunnelled }, signal);
  // Node asks `createConnection` only where no agent connects.
  return { ...base, agent: undefined, createConnection };
}

/** How a server of that name is verified, but for its name. */
function tlsOptions(name: string, options: HttpOptions): ConnectionOptions {
  return {
    ...(isIP(name) === 0 ? { servername: name } : { servername: "" }),
    // Without it Node trusts its own roots and NODE_EXTRA_CA_CERTS, parsed once per process.
    ...defined({ ca: mapped(options.ca, (ca) => [ca].flat()), cert: options.cert, key: options.key }),
    minVersion: "TLSv1.2",
    // Else the chain is judged in `judgeChain`, after the handshake and before the request.
    rejectUnauthorized: !judgesItself(options),
  };
}

/** Whether we judge the chain in Node's place: it knows no thumbprints, and forgets a chain that it refuses. */
function judgesItself({ thumbprints, observer }: HttpOptions): boolean {
  return thumbprints !== undefined || observer !== undefined;
}

// Node checks the certificate against `servername` or `host`; for an IP address both would be where we connect.
function identityCheck(name: string, connections?: ConnectionPool): RequestOptions {
  // Of a kept connection it is its agent's check.
  if (connections !== undefined) return { agent: connections.agentFor(name) };
  return { checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate) };
}

const unknownRoot = new Set([
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** Accepts an unknown root only for a registered thumbprint, and nothing else that is wrong. */
function judgeChain(
  url: URL,
  socket: TLSSocket,
  thumbprints: HttpOptions["thumbprints"],
): PodtrustError | undefined {
  const leaf = socket.getPeerCertificate();
  const mismatch = checkServerIdentity(hostName(url), leaf);
  if (mismatch !== undefined) return httpFailure(url.href, "tls", mismatch);
  if (socket.authorized) return undefined;
  const code = String(socket.authorizationError);
  const cause = Object.assign(new Error(code), { code });
  if (thumbprints === undefined || !unknownRoot.has(code)) return httpFailure(url.href, "tls", cause);
  const known = new Set(thumbprints.map((t) => t.toLowerCase()));
  return tlsFacts(socket).chain.some((c) => known.has(c.sha1))
    ? undefined
    : httpFailure(url.href, "thumbprint", cause);
}

async function* counted(
  response: IncomingMessage,
  observer: ExchangeObserver | undefined,
): AsyncGenerator<Buffer> {
  for await (const part of response as AsyncIterable<Buffer>) {
    observer?.came(part.length);
    yield part;
  }
}

async function collect(url: URL, response: IncomingMessage, options: HttpOptions): Promise<Buffer> {
  const { maxBytes = defaultMaxBytes, observer } = options;
  const declared = Number(response.headers["content-length"] ?? 0);
  if (declared > maxBytes)
    throw httpFailure(url.href, "too-large", new Error(`${declared} > ${maxBytes} bytes`));
  const body = await collectBytes(counted(response, observer), maxBytes).catch((error: unknown) => {
    throw error instanceof RangeError ? httpFailure(url.href, "too-large", error) : error;
  });
  if (!response.complete) throw httpFailure(url.href, "protocol", new Error("the answer ended early"));
  return body;
}

function joinedHeaders(response: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(response.headersDistinct).map(([name, values]) => [name, (values ?? []).join(", ")]),
  );
}

// A server may send these (RFC 9110 §15.2) without an end, and none of their bytes would count.
const maxInterim = 20;

/** Rejects when more answers of 1xx came than any server has a use for; else pending. */
function tooManyInterim(url: URL, outgoing: ClientRequest, signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  let came = 0;
  outgoing.on("information", () => {
    came += 1;
    if (came <= maxInterim || signal.aborted) return;
    outgoing.destroy();
    reject(httpFailure(url.href, "protocol", new Error(`more than ${maxInterim} answers of status 1xx`)));
  });
  return promise;
}

async function send(
  url: URL,
  outgoing: ClientRequest,
  options: HttpOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  if (judgesItself(options) && url.protocol === "https:") {
    const [socket] = (await once(outgoing, "socket", { signal })) as [TLSSocket];
    // Without a route the system refuses at once, before a listener could be added.
    if (socket.errored !== null) throw socket.errored;
    await once(socket, "secureConnect", { signal });
    const fault = judgeChain(url, socket, options.thumbprints);
    if (fault !== undefined) throw fault;
  }
  outgoing.end(options.body);
  const [response] = (await Promise.race([
    once(outgoing, "response", { signal }),
    tooManyInterim(url, outgoing, signal),
  ])) as [IncomingMessage];
  options.observer?.answered(response.statusCode ?? 0);
  return response;
}

/** What ends an exchange before it is done. The timer goes with the exchange, not when it would have fired. */
class Ending {
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout;
  readonly #caller: AbortSignal | undefined;
  readonly #end = (): void => this.#controller.abort();
  #ms: number;
  #late = false;

  constructor(options: Pick<HttpOptions, "timeoutMs" | "signal">) {
    this.#ms = options.timeoutMs ?? defaultTimeout;
    this.#caller = options.signal;
    this.#timer = this.#start();
    if (this.#caller?.aborted === true) this.#end();
    this.#caller?.addEventListener("abort", this.#end, { once: true });
  }

  #start(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#late = true;
      this.#end();
    }, this.#ms);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** From now on so many milliseconds, counted anew whenever something was heard. */
  allow(ms: number): void {
    clearTimeout(this.#timer);
    this.#ms = ms;
    this.#timer = this.#start();
  }

  heard(): void {
    this.#timer.refresh();
  }

  /** What was thrown, as our own error. */
  failure(url: URL, error: unknown): PodtrustError {
    if (error instanceof PodtrustError) return error;
    if (this.#caller?.aborted === true) return httpFailure(url.href, "aborted");
    if (this.#late) return httpFailure(url.href, "timeout", new Error(`${this.#ms} ms`));
    return httpFailure(url.href, reasonOf(error), error);
  }

  release(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener("abort", this.#end);
  }
}

/** Begins an exchange, which `ending` ends. */
function begin(url: URL, way: ConnectionWay, options: HttpOptions, ending: Ending): ClientRequest {
  const start = url.protocol === "https:" ? secureRequest : plainRequest;
  const connection = requestOptions(url, way, options, ending.signal);
  options.observer?.goes(mapped(way.proxy, proxyName));
  const outgoing = start(connection);
  outgoing.once("socket", (socket) =>
    options.observer?.follow(socket, String(connection.host), Number(connection.port)),
  );
  // Errors after the answer began reach us through the response stream; this keeps them from being unhandled.
  outgoing.on("error", () => {});
  ending.signal.addEventListener("abort", () => outgoing.destroy(), { once: true });
  return outgoing;
}

/** A body whose silence ends it, and whose errors are ours. */
async function* followed(url: URL, response: IncomingMessage, ending: Ending): AsyncGenerator<Buffer> {
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      ending.heard();
      yield part;
    }
    if (!response.complete) throw httpFailure(url.href, "protocol", new Error("the answer ended early"));
  } catch (error) {
    throw ending.failure(url, error);
  }
}

/**
 * One HTTP exchange whose answer is taken as it comes, for as long as it lasts: verified and bounded as `request` is,
 * but for its length, which `consume` has to bound. The connection ends when `consume` does. Throws what `request`
 * throws, and what `consume` throws.
 */
export async function receive<T>(
  text: string,
  options: ReceiveOptions,
  consume: (answer: HttpStream) => Promise<T>,
): Promise<T> {
  const url = checkedUrl(text, options);
  const way = wayOf(url, options);
  const ending = new Ending(options);
  const outgoing = begin(url, way, options, ending);
  outgoing.once("socket", (socket) => socket.setKeepAlive(true, keepAliveMs));
  try {
    const response = await (async () => {
      ending.signal.throwIfAborted();
      return send(url, outgoing, options, ending.signal);
    })().catch((error: unknown) => {
      throw ending.failure(url, error);
    });
    ending.allow(options.silenceMs);
    const body = followed(url, response, ending);
    return await consume({ status: response.statusCode ?? 0, headers: joinedHeaders(response), body });
  } finally {
    ending.release();
    outgoing.destroy();
  }
}

/**
 * One HTTP exchange, on a connection of its own unless `connections` are given: TLS verified against the public roots or `ca`, size and time
 * bounded, redirects never followed (the answer is given as it came).
 *
 * Throws PodtrustError `http-url-invalid`, `http-unreachable`, `http-proxy`, `http-tls`, `http-timeout`, `http-too-large` or
 * `interrupted`, with `detail.reason` in one word. Any status is an answer, not an error.
 */
export async function request(text: string, options: HttpOptions = {}): Promise<HttpResponse> {
  const url = checkedUrl(text, options);
  const way = wayOf(url, options);
  const ending = new Ending(options);
  const outgoing = begin(url, way, options, ending);
  try {
    ending.signal.throwIfAborted();
    const response = await send(url, outgoing, options, ending.signal);
    const { socket } = response;
    const tls =
      options.connections === undefined && socket instanceof TLSSocket ? tlsFacts(socket) : undefined;
    const body = await collect(url, response, options);
    options.observer?.ended();
    const headers = joinedHeaders(response);
    return { status: response.statusCode ?? 0, headers, body, ...defined({ tls }) };
  } catch (error) {
    throw ending.failure(url, error);
  } finally {
    ending.release();
    outgoing.destroy();
  }
}
