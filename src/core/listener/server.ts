import type { IncomingMessage, Server, ServerOptions, ServerResponse } from "node:http";
import type { Server as TlsServer } from "node:https";
import type { Socket } from "node:net";
import { WholeBodies } from "./body.ts";
import type { Connection } from "./connection.ts";
import { Connections, type ConnectionTallies, gate } from "./connections.ts";
import { type Exchange, type ExchangeBounds, Requests } from "./exchange.ts";
import type { ConnectionLimits } from "./limits.ts";

/** The bounds of a server by Node's own HTTP/1.1. */
export interface ServerLimits extends ConnectionLimits, ExchangeBounds {}

/** Options of the server for `bound`, which ends connections by its own time. */
export function boundOptions(limits: ServerLimits): ServerOptions {
  return {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: 0,
    requestTimeout: 0,
    keepAliveTimeout: 0,
    noDelay: true,
  };
}

/** Counts for a caller that wants no metrics. */
const noTallies = (): ConnectionTallies => ({
  refusedConnections: 0,
  cutOff: { "too-slow": 0, flood: 0, crowded: 0 },
});

export interface BoundServer {
  readonly limits: ServerLimits;
  /** Whether the server speaks TLS. */
  readonly secure: boolean;
  readonly tallies?: ConnectionTallies;
  readonly onExchange: (exchange: Exchange) => void;
}

/** Holds the clients of a server to bounds: every connection from its acceptance to its close, and each request of it. */
export function bound(server: Server | TlsServer, options: BoundServer): Connections {
  const { limits, secure, onExchange, tallies = noTallies() } = options;
  const connections = new Connections(limits, tallies);
  const reading = { bounds: limits, bodies: new WholeBodies(limits.heldBytes) };
  const speakers = new WeakMap<Socket, Requests>();
  const speak = (socket: Socket, connection: Connection): void => {
    const requests = new Requests(socket, connection, reading);
    speakers.set(socket, requests);
    connection.open(requests, socket);
  };
  gate(server, "connection", (socket, pass) => {
    const connection = connections.admit(socket, server);
    if (connection === undefined) return;
    if (!secure) speak(socket, connection);
    pass();
  });
  if (secure)
    gate(server, "secureConnection", (socket, pass) => {
      const connection = connections.of(socket);
      if (connection?.stage !== "handshake" || !connections.inTime(connection)) return;
      speak(socket, connection);
      pass();
    });
  server.on("request", (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const exchange = speakers.get(incoming.socket)?.begin(incoming, outgoing);
    if (exchange !== undefined) onExchange(exchange);
  });
  return connections;
}
