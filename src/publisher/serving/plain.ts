import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { ListenAddress } from "../publisher.ts";
import { gate } from "./connections.ts";
import { http1ClientError, http1Handler, http1Options, type PreparedResponse } from "./http1.ts";
import type { ServingDeps } from "./deps.ts";
import { listenOn } from "./listen.ts";
import { drainServer, type Listener } from "./listener.ts";

type PreparedListener = RequestListener<typeof IncomingMessage, typeof PreparedResponse>;

/** Whether connections come from strangers themselves, or all from one proxy. */
type Clients = "strangers" | "proxy";

function plainServer(deps: ServingDeps, clients: Clients, handler: PreparedListener): Server {
  const { limits, tallies, connections, idle } = deps;
  const server = createServer(http1Options(limits), handler);
  server.maxHeadersCount = 64;
  server.maxRequestsPerSocket = limits.requestsPerConnection;
  gate(server, "connection", (socket) => {
    if (!connections.admit(socket, clients === "proxy")) return false;
    idle.watch(socket, () => socket.destroy());
    tallies.open["http/1.1"] += 1;
    socket.once("close", () => (tallies.open["http/1.1"] -= 1));
    return true;
  });
  // Nothing else is spoken on a plain port.
  server.on(
    "clientError",
    http1ClientError(tallies, deps.date, () => true),
  );
  return server;
}

/** Plain HTTP/1.1 with a server's bounds. */
export async function listenPlain(
  asked: ListenAddress,
  deps: ServingDeps,
  clients: Clients,
  handler: PreparedListener = http1Handler(deps.site, deps.tallies, deps.date),
): Promise<Listener> {
  const server = plainServer(deps, clients, handler);
  const bound = await listenOn(server, asked, deps.logger);
  return { asked, bound, drain: () => drainServer(server) };
}
