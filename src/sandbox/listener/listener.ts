import { once } from "node:events";
import type { Server } from "node:http";
import type { Server as TlsServer, ServerOptions as TlsOptions } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { errorText, PodtrustError } from "../../core/base/index.ts";
import {
  bound,
  boundOptions,
  type Exchange,
  gate,
  localLimits,
  type ServerLimits,
} from "../../core/listener/index.ts";
import { forms } from "../errors/index.ts";
import { OneATick } from "./one-a-tick.ts";

// An `import` of node:http evaluates its lazy WebSocket exports as well: 17 MB of undici that are not needed here.
const { createServer } = process.getBuiltinModule("node:http");
const { createServer: createTlsServer } = process.getBuiltinModule("node:https");

/** Limits of a stand-in for its clients, the same for all of them. */
const defaultLimits: ServerLimits = {
  ...localLimits,
  headerBytes: 64 * 1024,
  handshakeTimeout: 10_000,
  requestTimeout: 10_000,
  answerTimeout: 15_000,
  // Longer than clients keep an idle connection: AWS's SDK for Go 90 seconds, for Java 60.
  keepAliveTimeout: 120_000,
  heldBytes: 64 * 1024 * 1024,
  // The largest body.
  overheadBurst: 17 * 1024 * 1024,
  exchangeMs: 60_000,
  // No client of AWS, ACME or Kubernetes pipelines requests.
  maxPipelined: 32,
};

export interface ListenerOptions {
  /** An address of this machine; loopback keeps other machines out. */
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  /** Absent: plain HTTP. */
  readonly tls?: TlsOptions;
  readonly onExchange: (exchange: Exchange) => void;
  /**
   * Handles each connection before TLS does, and then passes it on, or ends it. Must finish within the handshake's time
   * limit.
   */
  readonly beforeTls?: (socket: Socket, pass: () => void) => void;
  /** Called with each connection before anything is read from it; for TLS also after each handshake. */
  readonly onConnection?: (socket: Socket) => void;
  readonly onSecureConnection?: (socket: Socket) => void;
  readonly limits?: Partial<ServerLimits>;
}

/** A listening HTTP server. */
export interface HttpListener {
  readonly server: Server | TlsServer;
  readonly port: number;
}

function serverOf({ tls }: ListenerOptions, limits: ServerLimits): Server | TlsServer {
  const options = boundOptions(limits);
  return tls === undefined
    ? createServer(options)
    : createTlsServer({
        ...options,
        minVersion: "TLSv1.2",
        // The limit on all connections ends it earlier; Node has to have some time-out.
        handshakeTimeout: 2 * limits.handshakeTimeout,
        ...tls,
      });
}

/** Of all stand-ins of this process, since they share its event loop. */
const queue = new OneATick();

/** Starts the HTTP server of a stand-in; rejects as `listen` does, and with `usage` for a port that is none. */
export async function openListener(options: ListenerOptions): Promise<HttpListener> {
  forms.port(options.port, "port");
  const limits = { ...defaultLimits, ...options.limits };
  const server = serverOf(options, limits);
  if (options.beforeTls !== undefined) gate(server, "connection", options.beforeTls);
  bound(server, {
    limits,
    secure: options.tls !== undefined,
    onExchange: (exchange) => queue.take(exchange, options.onExchange),
  });
  if (options.onConnection !== undefined) server.on("connection", options.onConnection);
  if (options.onSecureConnection !== undefined) server.on("secureConnection", options.onSecureConnection);
  server.listen(options.port, options.address);
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

/** The same at an address that the user chose. Throws `sandbox-listen` if nothing can listen there. */
export async function openChosenListener(options: ListenerOptions): Promise<HttpListener> {
  try {
    return await openListener(options);
  } catch (error) {
    if (error instanceof PodtrustError) throw error;
    const { address, port } = options;
    throw new PodtrustError("sandbox-listen", `${address}, port ${port}: ${errorText(error)}`, {
      cause: error,
      detail: { listen: address, port },
    });
  }
}

/** Stops listening and cuts every connection. */
export async function closeListener({ server }: HttpListener): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
