import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { createServer, type Server } from "node:https";
import type { SecureContext, TLSSocket } from "node:tls";
import type { ListenAddress } from "../contract.ts";
import { type Connection, gate } from "../../core/listener/index.ts";
import type { HttpsDeps } from "./deps.ts";
import { Http1, http1Options, type PreparedResponse, siteAnswerer } from "./http1.ts";
import { Http2, http2Options } from "./http2.ts";
import { openOn } from "./listen.ts";
import { drainPublic, type Listener } from "./listener.ts";

// RFC 8737 §4. Repeated here, since the folder that defines it loads a certificate library.
const acmeTlsProtocol = "acme-tls/1";

/** Anyone with their key can read tickets: it lives for half a day, in memory. */
const ticketKeyAge = 12 * 3_600_000;

/** Sockets of validators, whose certificate is chosen and must not change with their server name, or is being looked up. */
const validators = new WeakMap<TLSSocket, Promise<SecureContext | undefined> | "chosen">();

type Alpn = (this: TLSSocket, offer: { servername: string; protocols: string[] }) => string | undefined;

/** h2 where it is offered; a CA's validator gets the certificate of its challenge and nothing else. */
function alpnCallback(deps: HttpsDeps): Alpn {
  return function choose({ servername, protocols }) {
    if (protocols.includes(acmeTlsProtocol)) {
      // Without a server name Node asks for no certificate by name, and then nothing could be looked up.
      const context = servername === "" ? undefined : deps.challenges().tlsAlpn01?.(servername);
      if (context === undefined) return undefined;
      if (!(context instanceof Promise)) this.setKeyCert(context);
      validators.set(this, context instanceof Promise ? context : "chosen");
      return acmeTlsProtocol;
    }
    if (protocols.includes("h2")) return "h2";
    return protocols.find((protocol) => protocol === "http/1.1" || protocol === "http/1.0");
  };
}

/** Ends a handshake: a client that asks for a challenge gets that or nothing. */
const noChallenge = (): Error => new Error("no such challenge is presented");

type ShowContext = (error: Error | null, context?: SecureContext) => void;
type Sni = (this: unknown, name: string, done: ShowContext) => void;

async function showFound(looking: Promise<SecureContext | undefined>, show: ShowContext): Promise<void> {
  const context = await looking;
  if (context === undefined) show(noChallenge());
  else show(null, context);
}

/** The certificate by server name. Node calls it on the socket, after the ALPNCallback. */
function sniCallback(deps: HttpsDeps): Sni {
  return function choose(name, done) {
    const context = validators.get(this as TLSSocket);
    if (context === "chosen") done(null);
    else if (context === undefined) done(null, deps.contexts().contextFor(name));
    else void showFound(context, done);
  };
}

/** Hands sockets on after their handshake, those of HTTP/1.1 to Node's own listener with `pass`. */
function dispatcher(deps: HttpsDeps, http1: Http1): (socket: TLSSocket, pass: () => void) => void {
  const { tallies, connections } = deps;
  const http2 = http2Options(deps.limits);
  const open = (socket: TLSSocket, connection: Connection, pass: () => void): void => {
    if (socket.alpnProtocol === "h2") connection.open(new Http2(socket, connection, deps, http2), socket);
    else if (socket.alpnProtocol === acmeTlsProtocol) {
      // RFC 8737 §3: nothing is spoken over a validator's connection.
      connection.closing();
      socket.destroySoon();
    } else {
      http1.serve(socket, connection);
      pass();
    }
  };
  return (socket, pass) => {
    tallies.handshakes.done += 1;
    const connection = connections.of(socket);
    // Gone in the meantime: its end event follows.
    if (connection?.stage !== "handshake") return;
    const protocol = socket.alpnProtocol === "h2" ? "h2" : "http/1.1";
    connections.afterHandshake(connection, protocol, () => open(socket, connection, pass));
  };
}

function secureServer(deps: HttpsDeps): Server<typeof IncomingMessage, typeof PreparedResponse> {
  const { limits, tallies } = deps;
  const http1 = new Http1(deps, siteAnswerer(deps.site));
  const server = createServer({
    ...http1Options(limits),
    ...deps.contexts().defaults,
    // Connections end a handshake that takes too long; Node has to have some time-out.
    handshakeTimeout: 2 * limits.handshakeTimeout,
    ALPNCallback: alpnCallback(deps),
    SNICallback: sniCallback(deps),
  });
  const dispatch = dispatcher(deps, http1);
  gate(server, "connection", (socket, pass) => {
    if (deps.connections.admit(socket, server) !== undefined) pass();
  });
  gate(server, "secureConnection", (socket, pass) => dispatch(socket as TLSSocket, pass));
  http1.attach(server);
  server.on("tlsClientError", () => (tallies.handshakes.failed += 1));
  return server;
}

function rotateTicketKeys(server: Server): NodeJS.Timeout {
  return setInterval(() => server.setTicketKeys(randomBytes(48)), ticketKeyAge).unref();
}

/** HTTP/1.1 and HTTP/2 over TLS 1.2 and 1.3 on one port. */
export async function listenHttps(asked: ListenAddress, deps: HttpsDeps): Promise<Listener> {
  const server = secureServer(deps);
  const opened = await openOn(server, asked, deps.logger);
  const rotation = rotateTicketKeys(server);
  return {
    asked,
    opened,
    useDefaults: (options) => server.setSecureContext(options),
    async drain() {
      clearInterval(rotation);
      await drainPublic(server, deps.connections);
    },
  };
}
