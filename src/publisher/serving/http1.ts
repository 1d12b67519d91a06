import { type IncomingMessage, type ServerOptions, ServerResponse } from "node:http";
import { performance } from "node:perf_hooks";
import type { Duplex } from "node:stream";
import type { ServingLimits } from "./limits.ts";
import type { Answer } from "./answer.ts";
import type { HttpDate } from "./http-date.ts";
import { reasonPhrase } from "./reasons.ts";
import type { Site } from "./site.ts";
import type { Tallies } from "./tallies.ts";

/** Options of a node:http or node:https server that strangers talk to. */
export function http1Options(
  limits: ServingLimits,
): ServerOptions<typeof IncomingMessage, typeof PreparedResponse> {
  return {
    ServerResponse: PreparedResponse,
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersTimeout,
    requestTimeout: limits.requestTimeout,
    // IdleWatch does it for less.
    keepAliveTimeout: 0,
    connectionsCheckingInterval: Math.min(1000, limits.headersTimeout),
    requireHostHeader: true,
    insecureHTTPParser: false,
    noDelay: true,
    // GET and HEAD have no content: no stream is set up to read it.
    optimizeEmptyRequests: true,
  };
}

/**
 * A response that can send a whole prepared message at once. Node's own writeHead and end validate, join and
 * measure what was prepared long ago, which takes longer than all the rest of an answer.
 */
export class PreparedResponse extends ServerResponse {
  /** Sends it, and tells Node that this response is done; false where the socket is not ours yet (pipelining). */
  sendMessage(message: Buffer): boolean {
    const { socket } = this;
    if (socket === null || socket.destroyed) return false;
    socket.write(message);
    this.finished = true;
    this.emit("finish");
    return true;
  }
}

/** Whether a message in HTTP/1.1's own terms will do: the connection stays, and nothing was sent along. */
function isUsual(request: IncomingMessage, response: ServerResponse): boolean {
  const { headers } = request;
  return (
    response.shouldKeepAlive &&
    request.httpVersionMinor === 1 &&
    headers["content-length"] === undefined &&
    headers["transfer-encoding"] === undefined
  );
}

/** RFC 9112 §3.2: more than one Host field is an error; Node's header object shows the first only. */
function hasSeveralHosts(raw: readonly string[]): boolean {
  let hosts = 0;
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index];
    if (name?.length === 4 && name.toLowerCase() === "host") hosts += 1;
  }
  return hosts > 1;
}

function answerTo(request: IncomingMessage, site: Site): Answer {
  if (hasSeveralHosts(request.rawHeaders)) return site.problem(400);
  const { method = "", url: target = "", headers } = request;
  return site.answer({
    method,
    authority: headers.host,
    target,
    ifNoneMatch: headers["if-none-match"],
    acceptEncoding: headers["accept-encoding"],
  });
}

/** Sends by Node's own means; what was sent along with the request is not read, so the connection ends. */
function sendSlowly(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  fields: string[],
): void {
  const close = !isUsual(request, response) ? ["Connection", "close"] : [];
  response.writeHead(answer.status, [...fields, ...close]);
  response.end(answer.body);
}

/** Answers HTTP/1.1 and 1.0 requests. */
export function http1Handler(
  site: () => Site,
  tallies: Tallies,
  date: HttpDate,
): (request: IncomingMessage, response: PreparedResponse) => void {
  return (request, response) => {
    const begun = performance.now();
    const answer = answerTo(request, site());
    const forms = answer.at(date.text);
    const message = request.method === "HEAD" ? forms.head : forms.message;
    if (!isUsual(request, response) || !response.sendMessage(message)) {
      sendSlowly(request, response, answer, forms.http1);
    }
    answer.tally.count += 1;
    tallies.took((performance.now() - begun) / 1000);
  };
}

interface ClientError extends Error {
  readonly code?: string;
  readonly bytesParsed?: number;
  readonly rawPacket?: Buffer;
}

/** 414 where the request line alone is too long, which its missing end tells; else 431. */
function overflowStatus(packet: Buffer | undefined): 414 | 431 {
  return packet !== undefined && !packet.includes(10) && /^[A-Z]+ /u.test(packet.toString("latin1", 0, 16))
    ? 414
    : 431;
}

function statusOf(error: ClientError): number {
  if (error.code === "HPE_HEADER_OVERFLOW") return overflowStatus(error.rawPacket);
  return error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
}

const cut: Readonly<Record<number, "malformed" | "too-large" | "too-slow">> = {
  408: "too-slow",
  414: "too-large",
  431: "too-large",
};

/** Errors of a connection that is gone: there is nobody to answer. */
const gone = new Set(["ECONNRESET", "EPIPE"]);

/**
 * Cuts off a client whose request cannot be read, with a last answer where one can still be sent. `speaksHttp1`
 * says whether a connection was handed to HTTP/1.1. Any other is destroyed at once and never written to: Node
 * reports failures of a TLS handshake here too, and a handshake that ends after an answer was begun would start
 * HTTP/2 over the pending write, which aborts the process.
 */
export function http1ClientError(
  tallies: Tallies,
  date: HttpDate,
  speaksHttp1: (socket: Duplex) => boolean,
): (error: Error, socket: Duplex) => void {
  return (error, socket) => {
    const { code = "" } = error as ClientError;
    if (!speaksHttp1(socket) || !socket.writable || gone.has(code)) {
      socket.destroy();
      return;
    }
    const status = statusOf(error);
    tallies.cutOff[cut[status] ?? "malformed"] += 1;
    tallies.tally("", "other", status).count += 1;
    socket.end(
      `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\nDate: ${date.text}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    );
    // Whoever does not take the answer does not keep the connection either.
    socket.once("finish", () => socket.destroy());
    setTimeout(() => socket.destroy(), 1000).unref();
  };
}
