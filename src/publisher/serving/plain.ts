import type { ListenAddress } from "../contract.ts";
import { gate } from "../../core/listener/index.ts";
import type { ServingDeps } from "./deps.ts";
import { Http1, type Http1Answerer, http1Options, siteAnswerer } from "./http1.ts";
import { openOn } from "./listen.ts";
import { drainPublic, type Listener } from "./listener.ts";

// An `import` of node:http evaluates its lazy WebSocket exports as well: undici, which no publisher needs.
const { createServer } = process.getBuiltinModule("node:http");

/** Whether connections come from the clients themselves, or all from one proxy. */
type Clients = "clients" | "proxy";

/** Plain HTTP/1.1 with a server's limits. */
export async function listenPlain(
  asked: ListenAddress,
  deps: ServingDeps,
  clients: Clients,
  answerer: Http1Answerer = siteAnswerer(deps.site),
): Promise<Listener> {
  const { connections } = deps;
  const http1 = new Http1(deps, answerer);
  const server = createServer(http1Options(deps.limits));
  gate(server, "connection", (socket, pass) => {
    const connection = connections.admit(socket, server, clients === "proxy");
    if (connection === undefined) return;
    http1.serve(socket, connection);
    pass();
  });
  http1.attach(server);
  const opened = await openOn(server, asked, deps.logger);
  return { asked, opened, drain: () => drainPublic(server, connections) };
}
