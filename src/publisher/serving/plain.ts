import { createServer, type RequestListener, type Server } from "node:http";
import type { ListenAddress } from "../publisher.ts";
import { gate } from "./connections.ts";
import { http1ClientError, http1Handler, http1Options } from "./http1.ts";
import type { ServingDeps } from "./https.ts";
import { listenOn } from "./listen.ts";
import { drainServer, type Listener } from "./listener.ts";

/** Whether connections come from strangers themselves, or all from one proxy. */
type Clients = "strangers" | "proxy";

function plainServer(deps: ServingDeps, clients: Clients, handler: RequestListener): Server {
  const { limits, tallies, connections } = deps;
  const server = createServer(http1Options(limits), handler);
  server.maxHeadersCount = 64;
  server.maxRequestsPerSocket = limits.requestsPerConnection;
  server.setTimeout(limits.requestTimeout);
  gate(server, "connection", (socket) => {
    if (!connections.admit(socket, clients === "proxy")) return false;
    tallies.open["http/1.1"] += 1;
    socket.once("close", () => (tallies.open["http/1.1"] -= 1));
    return true;
  });
  server.on("clientError", http1ClientError(tallies));
  return server;
}

/** Plain HTTP/1.1 with a server's bounds. */
export async function listenPlain(
  asked: ListenAddress,
  deps: ServingDeps,
  clients: Clients,
  handler: RequestListener = http1Handler(deps.site, deps.tallies),
): Promise<Listener> {
  const server = plainServer(deps, clients, handler);
  const bound = await listenOn(server, asked, deps.logger);
  return { asked, bound, drain: () => drainServer(server) };
}
