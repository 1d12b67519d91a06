import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { SecureContext, TLSSocket } from "node:tls";
import type { ListenAddress } from "../publisher.ts";
import { gate } from "./connections.ts";
import type { HttpsDeps, ServingDeps } from "./deps.ts";
import { http1ClientError, http1Handler, http1Options } from "./http1.ts";
import { Http2Sessions } from "./http2.ts";
import { listenOn } from "./listen.ts";
import { drainServer, type Listener } from "./listener.ts";

// RFC 8737 §4. Written out, since the folder that knows it loads a certificate library.
const acmeTlsProtocol = "acme-tls/1";

/** Tickets are readable by whoever holds their key: it lives for half a day, in memory. */
const ticketKeyAge = 12 * 3_600_000;

/** Sockets of validators: their certificate is chosen, and their server name must not choose another. */
const validators = new WeakSet<TLSSocket>();

type Alpn = (this: TLSSocket, offer: { servername: string; protocols: string[] }) => string | undefined;

/** h2 where it is offered; a CA's validator gets the certificate of its challenge and nothing else. */
function alpnCallback(deps: HttpsDeps): Alpn {
  return function choose({ servername, protocols }) {
    if (protocols.includes(acmeTlsProtocol)) {
      const context = deps.challenges().tlsAlpn01?.(servername);
      if (context === undefined) return undefined;
      this.setKeyCert(context);
      validators.add(this);
      return acmeTlsProtocol;
    }
    if (protocols.includes("h2")) return "h2";
    return protocols.find((protocol) => protocol === "http/1.1" || protocol === "http/1.0");
  };
}

type Sni = (
  this: unknown,
  name: string,
  done: (error: Error | null, context?: SecureContext) => void,
) => void;

/** The certificate by server name. Node calls it on the socket, after the ALPNCallback. */
function sniCallback(deps: HttpsDeps): Sni {
  return function choose(name, done) {
    if (validators.has(this as TLSSocket)) done(null);
    else done(null, deps.contexts().contextFor(name));
  };
}

/** Sockets that Node's HTTP/1.1 was given: the only ones that its errors may be answered on. */
const http1Sockets = new WeakSet<Duplex>();

/** Hands a socket on after its handshake: true for HTTP/1.1, which Node's own listener takes. */
function dispatch(socket: TLSSocket, sessions: Http2Sessions, { tallies, idle }: ServingDeps): boolean {
  tallies.handshakes.done += 1;
  if (socket.alpnProtocol === "h2") {
    sessions.serve(socket);
    return false;
  }
  // RFC 8737 §3: nothing is spoken over a validator's connection.
  if (socket.alpnProtocol === acmeTlsProtocol) {
    socket.end();
    return false;
  }
  http1Sockets.add(socket);
  idle.watch(socket, () => socket.destroy());
  tallies.open["http/1.1"] += 1;
  socket.once("close", () => (tallies.open["http/1.1"] -= 1));
  return true;
}

function secureServer(deps: HttpsDeps): { server: Server; sessions: Http2Sessions } {
  const { limits, tallies } = deps;
  const sessions = new Http2Sessions(deps);
  const options = {
    ...http1Options(limits),
    ...deps.contexts().defaults,
    handshakeTimeout: limits.handshakeTimeout,
    ALPNCallback: alpnCallback(deps),
    SNICallback: sniCallback(deps),
  };
  const server = createServer(options, http1Handler(deps.site, tallies, deps.date));
  server.maxHeadersCount = 64;
  server.maxRequestsPerSocket = limits.requestsPerConnection;
  gate(server, "connection", (socket) => deps.connections.admit(socket));
  gate(server, "secureConnection", (socket: Socket) => dispatch(socket as TLSSocket, sessions, deps));
  server.on(
    "clientError",
    http1ClientError(tallies, deps.date, (socket) => http1Sockets.has(socket)),
  );
  server.on("tlsClientError", () => (tallies.handshakes.failed += 1));
  return { server, sessions };
}

function rotateTicketKeys(server: Server): NodeJS.Timeout {
  return setInterval(() => server.setTicketKeys(randomBytes(48)), ticketKeyAge).unref();
}

/** HTTP/1.1 and HTTP/2 over TLS 1.2 and 1.3 on one port. */
export async function listenHttps(asked: ListenAddress, deps: HttpsDeps): Promise<Listener> {
  const { server, sessions } = secureServer(deps);
  const bound = await listenOn(server, asked, deps.logger);
  const rotation = rotateTicketKeys(server);
  return {
    asked,
    bound,
    useDefaults: (options) => server.setSecureContext(options),
    async drain() {
      clearInterval(rotation);
      sessions.drain();
      await drainServer(server);
    },
  };
}
