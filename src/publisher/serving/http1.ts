import type { IncomingMessage, Server, ServerOptions } from "node:http";
import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import type { Duplex } from "node:stream";
import { HttpAnswer } from "./answer.ts";
import type { Connection } from "../../core/listener/index.ts";
import type { ServingDeps } from "./deps.ts";
import { Http1Output } from "./http1-output.ts";
import type { ServingLimits } from "../serving-limits.ts";
import type { Site } from "./site.ts";

// An `import` of node:http evaluates its lazy WebSocket exports as well: undici, which no publisher needs.
const { ServerResponse } = process.getBuiltinModule("node:http");

/** Options of a node:http or node:https server that clients talk to. */
export function http1Options(
  limits: ServingLimits,
): ServerOptions<typeof IncomingMessage, typeof PreparedResponse> {
  return {
    ServerResponse: PreparedResponse,
    maxHeaderSize: limits.headerBytes,
    // Connections handle time-outs better, and at less cost.
    headersTimeout: 0,
    requestTimeout: 0,
    keepAliveTimeout: 0,
    // A site answers 400 itself: Node would write between answers that still wait.
    requireHostHeader: false,
    insecureHTTPParser: false,
    noDelay: true,
    // GET and HEAD have no content: no stream is set up to read it.
    optimizeEmptyRequests: true,
  };
}

/**
 * A response that is sent as a prepared message. Node's own writeHead and end would validate, join and measure it
 * again, which takes longer than the rest of an answer.
 */
export class PreparedResponse extends ServerResponse {
  /** Ends the response for Node, so that the connection is free for the next. */
  done(): void {
    this.finished = true;
    this.emit("finish");
  }
}

/** An answer over HTTP/1.1 or 1.0; `last`: the connection ends after it. */
export interface Http1Answer {
  readonly answer: HttpAnswer;
  readonly last: boolean;
}

/** Answers a request, now or, if the answer is the connection's last, once it is known. */
export type Http1Answerer = (request: IncomingMessage) => Http1Answer | Promise<Http1Answer>;

/** RFC 9112 §3.2: more than one Host field is an error; Node's header object shows the first only. */
function hasSeveralHosts(raw: readonly string[]): boolean {
  let hosts = 0;
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index];
    if (name?.length === 4 && name.toLowerCase() === "host") hosts += 1;
  }
  return hosts > 1;
}

/** Answers from a site. */
export function siteAnswerer(site: () => Site): Http1Answerer {
  return (request) => {
    const { method = "", url: target = "", headers } = request;
    if (hasSeveralHosts(request.rawHeaders)) return { answer: site().problem(400), last: true };
    const answer = site().answer({
      method,
      authority: headers.host,
      target,
      ifNoneMatch: headers["if-none-match"],
      acceptEncoding: headers["accept-encoding"],
    });
    return { answer, last: answer.status === 400 };
  };
}

/** Whether a connection can stay open after a request: a request body is not read. */
function staysAfter(request: IncomingMessage, response: PreparedResponse): boolean {
  const { headers } = request;
  return (
    response.shouldKeepAlive &&
    request.httpVersionMinor === 1 &&
    headers["content-length"] === undefined &&
    headers["transfer-encoding"] === undefined
  );
}

interface ClientError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
}

/** 414 if the request line alone is too long, shown by its missing end; else 431. */
function overflowStatus(packet: Buffer | undefined): 414 | 431 {
  return packet !== undefined && !packet.includes(10) && /^[A-Z]+ /u.test(packet.toString("latin1", 0, 16))
    ? 414
    : 431;
}

function statusOf(error: ClientError): number {
  return error.code === "HPE_HEADER_OVERFLOW" ? overflowStatus(error.rawPacket) : 400;
}

const cut: Readonly<Record<number, "malformed" | "too-large" | "too-slow">> = {
  408: "too-slow",
  414: "too-large",
  431: "too-large",
};

/** Errors of a closed connection: no client is left to answer. */
const gone = new Set(["ECONNRESET", "EPIPE"]);

interface Speaker {
  readonly output: Http1Output;
  readonly connection: Connection;
}

/** HTTP/1.1 and 1.0 with Node's parser, on sockets that speak nothing else. */
export class Http1 {
  readonly #deps: ServingDeps;
  readonly #answerer: Http1Answerer;
  /** Sockets whose protocol is decided: the only ones ever written to. */
  readonly #speakers = new WeakMap<Duplex, Speaker>();

  constructor(deps: ServingDeps, answerer: Http1Answerer) {
    this.#deps = deps;
    this.#answerer = answerer;
  }

  /** Answers what a server reads. */
  attach(server: Server<typeof IncomingMessage, typeof PreparedResponse>): void {
    server.maxHeadersCount = 64;
    // Connections end idle ones, since they know what is still unsent.
    server.closeIdleConnections = () => {};
    const answer = (request: IncomingMessage, response: PreparedResponse): void =>
      this.#answer(request, response);
    server.on("request", answer);
    // Content is not read, so it is not asked for.
    server.on("checkContinue", answer);
    server.on("checkExpectation", (request, response) => this.#answer(request, response, 417));
    server.on("clientError", (error, socket) => this.#clientError(error, socket));
  }

  /** Before a socket is handed to Node's HTTP/1.1. */
  serve(socket: Socket, connection: Connection): void {
    const { open } = this.#deps.tallies;
    const output: Http1Output = new Http1Output(socket, connection, () => this.#refuse(output, 408));
    this.#speakers.set(socket, { output, connection });
    connection.open(output, socket);
    open["http/1.1"] += 1;
    socket.once("close", () => (open["http/1.1"] -= 1));
  }

  #answer(request: IncomingMessage, response: PreparedResponse, problem?: number): void {
    const begun = performance.now();
    const speaker = this.#speakers.get(request.socket);
    if (speaker === undefined || speaker.output.isClosing) {
      response.done();
      return;
    }
    const { site } = this.#deps;
    speaker.connection.requested();
    const given =
      problem === undefined ? this.#answerer(request) : { answer: site().problem(problem), last: true };
    const send = (answer: Http1Answer): void => {
      this.#send(speaker, answer, { request, response });
      this.#deps.tallies.latency.took((performance.now() - begun) / 1000);
      response.done();
    };
    if (!(given instanceof Promise)) send(given);
    else {
      speaker.output.expect();
      void given.then(send);
    }
  }

  #send(
    { output, connection }: Speaker,
    { answer, last }: Http1Answer,
    { request, response }: { readonly request: IncomingMessage; readonly response: PreparedResponse },
  ): void {
    const { date } = this.#deps;
    const bodiless = request.method === "HEAD";
    if (last || connection.draining || !staysAfter(request, response)) {
      output.send(answer.lastMessage(date.text, bodiless), true);
    } else {
      const forms = answer.at(date.text);
      output.send(bodiless ? forms.head : forms.message, false);
    }
    answer.tally.count += 1;
  }

  /**
   * Cuts off a client whose request cannot be read, with a last answer if one can still be sent. A socket whose
   * protocol is not decided is destroyed at once and never written to: Node reports failures of a TLS handshake here
   * too, and a handshake that ends after an answer has begun would start HTTP/2 over the pending write, which aborts
   * the process.
   */
  #clientError(error: Error, socket: Duplex): void {
    const speaker = this.#speakers.get(socket);
    if (speaker === undefined || !socket.writable || gone.has((error as ClientError).code ?? "")) {
      socket.destroy();
      return;
    }
    this.#refuse(speaker.output, statusOf(error));
  }

  /** A last answer to a request that could not be read. */
  #refuse(output: Http1Output, status: number): void {
    if (output.isClosing) return;
    const { date, tallies } = this.#deps;
    tallies.cutOff[cut[status] ?? "malformed"] += 1;
    const tally = tallies.tally("", "other", status);
    tally.count += 1;
    output.send(new HttpAnswer({ status, fields: [], tally }).lastMessage(date.text, false), true);
  }
}
