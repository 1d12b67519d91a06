import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Server as TlsServer, ServerOptions as TlsOptions } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { type Exchange, type ExchangeBounds, openExchange } from "./exchange.ts";
import { Turns } from "./turns.ts";

// An `import` of node:http evaluates its lazy WebSocket exports as well: 17 MB of undici that nobody here needs.
const { createServer } = process.getBuiltinModule("node:http");
const { createServer: createTlsServer } = process.getBuiltinModule("node:https");

/** What a stand-in grants whoever connects, the same for all of them. */
interface Bounds extends ExchangeBounds {
  readonly maxConnections: number;
  readonly maxHeaderBytes: number;
  /** From the first byte to the last header, and to the last byte of the body, in milliseconds. */
  readonly headersMs: number;
  readonly requestMs: number;
  /** From the connection to the end of the TLS handshake. */
  readonly handshakeMs: number;
  /** Between two requests. */
  readonly keepAliveMs: number;
  /** How often Node looks for requests that have taken too long. */
  readonly checkMs: number;
}

const usualBounds: Bounds = {
  maxConnections: 1024,
  maxPipelined: 32,
  maxHeaderBytes: 64 * 1024,
  headersMs: 10_000,
  requestMs: 10_000,
  handshakeMs: 10_000,
  keepAliveMs: 5000,
  exchangeMs: 60_000,
  checkMs: 1000,
};

export interface ListenerOptions {
  /** An address of this machine; loopback keeps strangers out. */
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  /** Absent: plain HTTP. */
  readonly tls?: TlsOptions;
  readonly onExchange: (exchange: Exchange) => void;
  /** Told each connection before anything is read of it; of TLS also each that has shaken hands. */
  readonly onConnection?: (socket: Socket) => void;
  readonly onSecureConnection?: (socket: Socket) => void;
  readonly bounds?: Partial<Bounds>;
}

/** A listening HTTP server. */
export interface Listener {
  readonly server: Server | TlsServer;
  readonly port: number;
}

function serverOf(options: ListenerOptions, bounds: Bounds): Server | TlsServer {
  const timing = {
    maxHeaderSize: bounds.maxHeaderBytes,
    headersTimeout: bounds.headersMs,
    requestTimeout: bounds.requestMs,
    keepAliveTimeout: bounds.keepAliveMs,
    connectionsCheckingInterval: bounds.checkMs,
  };
  const { tls } = options;
  return tls === undefined
    ? createServer(timing)
    : createTlsServer({ ...timing, minVersion: "TLSv1.2", handshakeTimeout: bounds.handshakeMs, ...tls });
}

/** Of all stand-ins of this process, since they share its event loop. */
const turns = new Turns();

/** Starts the HTTP server of a stand-in; rejects as `listen` does. */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const bounds = { ...usualBounds, ...options.bounds };
  const server = serverOf(options, bounds);
  server.maxConnections = bounds.maxConnections;
  // A connection on which nothing moves; a request's own bounds are closer.
  server.timeout = bounds.exchangeMs;
  server.on("request", (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const exchange = openExchange(incoming, outgoing, bounds);
    if (exchange !== undefined) turns.take(exchange, options.onExchange);
  });
  if (options.onConnection !== undefined) server.on("connection", options.onConnection);
  if (options.onSecureConnection !== undefined) server.on("secureConnection", options.onSecureConnection);
  server.listen(options.port, options.address);
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

/** Stops listening and cuts every connection. */
export async function closeListener({ server }: Listener): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
