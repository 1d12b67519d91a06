import type { IncomingMessage, ServerOptions, ServerResponse } from "node:http";
import { performance } from "node:perf_hooks";
import type { Duplex } from "node:stream";
import type { ServingLimits } from "./limits.ts";
import { reasonPhrase, type Site } from "./site.ts";
import type { Tallies } from "./tallies.ts";

/** Options of a node:http or node:https server that strangers talk to. */
export function http1Options(limits: ServingLimits): ServerOptions {
  return {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersTimeout,
    requestTimeout: limits.requestTimeout,
    keepAliveTimeout: limits.keepAliveTimeout,
    connectionsCheckingInterval: Math.min(1000, limits.headersTimeout),
    requireHostHeader: true,
    insecureHTTPParser: false,
    noDelay: true,
    // GET and HEAD have no content: no stream is set up to read it.
    optimizeEmptyRequests: true,
  };
}

interface Headers {
  host: string | undefined;
  ifNoneMatch: string | undefined;
  acceptEncoding: string | undefined;
  hosts: number;
  content: boolean;
}

/** Picks what counts out of the raw list; building Node's header object costs more than the answer. */
function readHeaders(raw: readonly string[]): Headers {
  const headers: Headers = {
    host: undefined,
    ifNoneMatch: undefined,
    acceptEncoding: undefined,
    hosts: 0,
    content: false,
  };
  for (let index = 0; index < raw.length; index += 2) readHeader(headers, raw[index] ?? "", raw[index + 1]);
  return headers;
}

const joined = (before: string | undefined, value: string | undefined): string | undefined =>
  before === undefined ? value : `${before}, ${value ?? ""}`;

function readHeader(headers: Headers, name: string, value: string | undefined): void {
  // The length sorts out nearly all names without lower-casing them.
  switch (name.length) {
    case 4:
      if (name.toLowerCase() !== "host") return;
      headers.host = value;
      headers.hosts += 1;
      return;
    case 13:
      if (name.toLowerCase() === "if-none-match") headers.ifNoneMatch = joined(headers.ifNoneMatch, value);
      return;
    case 14:
      if (name.toLowerCase() === "content-length" && value !== "0") headers.content = true;
      return;
    case 15:
      if (name.toLowerCase() === "accept-encoding")
        headers.acceptEncoding = joined(headers.acceptEncoding, value);
      return;
    case 17:
      if (name.toLowerCase() === "transfer-encoding") headers.content = true;
      return;
    default:
  }
}

/** Answers HTTP/1.1 and 1.0 requests. */
export function http1Handler(
  site: () => Site,
  tallies: Tallies,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const begun = performance.now();
    const headers = readHeaders(request.rawHeaders);
    const { method = "", url: target = "" } = request;
    const { host, ifNoneMatch, acceptEncoding } = headers;
    // RFC 9112 §3.2: more than one Host field is a 400.
    const answer =
      headers.hosts > 1
        ? site().problem(400)
        : site().answer({ method, authority: host, target, ifNoneMatch, acceptEncoding });
    // What was sent along with a request that has no use for it is not read: the connection ends instead.
    response.writeHead(answer.status, (headers.content ? answer.http1Close : answer.http1) as string[]);
    response.end(answer.latin1, "latin1");
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

/** Cuts off a client whose request cannot be read, with a last answer where one can still be sent. */
export function http1ClientError(tallies: Tallies): (error: Error, socket: Duplex) => void {
  return (error, socket) => {
    const { code = "" } = error as ClientError;
    if (!socket.writable || code === "ECONNRESET" || code.startsWith("ERR_SSL") || code === "EPIPE") {
      socket.destroy();
      return;
    }
    const status = statusOf(error);
    tallies.cutOff[cut[status] ?? "malformed"] += 1;
    tallies.tally("", "other", status).count += 1;
    const date = new Date(performance.timeOrigin + performance.now()).toUTCString();
    socket.end(
      `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\nDate: ${date}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    );
    // Whoever does not take the answer does not keep the connection either.
    socket.once("finish", () => socket.destroy());
    setTimeout(() => socket.destroy(), 1000).unref();
  };
}
