import type { IncomingMessage } from "node:http";
import type { ServerOptions } from "node:https";
import type { Socket } from "node:net";
import { errorText, type Logger } from "../../core/base/index.ts";
import type { PublicJwk } from "../../rules/keys/index.ts";
import { type ApiAnswer, type ApiState, answer } from "./api.ts";
import type { Exchange } from "../../core/listener/index.ts";
import { type HttpListener, openListener } from "../listener/index.ts";
import { discoveryPath, jwksPath } from "./access.ts";
import { readBody } from "./body.ts";
import { badRequest, StatusError, unauthorized } from "./status.ts";
import type { ClusterFault } from "./types.ts";
import { authenticate } from "./user.ts";

/** The server's faults, and the number of its connections. */
export interface FaultState {
  fault: ClusterFault | undefined;
  connections: number;
}

interface Wiring {
  readonly state: ApiState;
  readonly faults: FaultState;
  readonly logger: Logger;
}

const second = new WeakSet<Socket>();

function publishedBy(incoming: IncomingMessage, { state, faults }: Wiring): readonly PublicJwk[] {
  const all = state.keys.published();
  const behind = faults.fault === "split" && second.has(incoming.socket) && all.length > 1;
  return behind ? all.slice(0, -1) : all;
}

// Concatenated as text: resolved as a reference, `//name/path` would name another host.
function asked(target: string): URL {
  const url = URL.parse(target.startsWith("/") ? `https://stand-in.invalid${target}` : target);
  if (url === null) throw badRequest("the request's target is neither a path nor a URL");
  return url;
}

async function decide(http: Exchange, wiring: Wiring): Promise<ApiAnswer> {
  const { incoming } = http;
  const { state, faults } = wiring;
  const url = asked(incoming.url ?? "/");
  const user = authenticate(incoming, state);
  if (user === undefined) throw unauthorized();
  if (faults.fault === "error")
    throw new StatusError(500, "InternalError", "the stand-in cluster simulates a failure");
  const request = {
    user,
    method: incoming.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    body: await readBody(http),
    fault: faults.fault,
    published: publishedBy(incoming, wiring),
  };
  const answered = answer(state, request);
  wiring.logger.debug("stand-in cluster answered", {
    user: user.username,
    method: request.method,
    path: request.path,
    status: answered.status,
  });
  return answered;
}

async function reply(http: Exchange, wiring: Wiring): Promise<void> {
  const { incoming, outgoing } = http;
  let answered: ApiAnswer;
  try {
    answered = await decide(http, wiring);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    answered = { status: error.code, body: error.toObject() };
  }
  const { status, body, headers = {} } = answered;
  const bytes = Buffer.from(typeof body === "string" ? body : `${JSON.stringify(body)}\n`);
  const document = [discoveryPath, jwksPath].includes((incoming.url ?? "").split("?")[0] ?? "");
  outgoing.writeHead(status, {
    "content-type": "application/json",
    "cache-control": "no-cache, private",
    date: new Date(wiring.state.now() * 1000).toUTCString(),
    "content-length": bytes.length,
    "x-podtrust": "stand-in cluster",
    ...headers,
  });
  if (wiring.faults.fault === "truncated" && document) {
    outgoing.write(bytes.subarray(0, bytes.length >> 1), () => incoming.socket.destroy());
    return;
  }
  outgoing.end(bytes);
}

function onExchange(http: Exchange, wiring: Wiring): void {
  if (wiring.faults.fault === "hang") return;
  reply(http, wiring).catch((error: unknown) => {
    wiring.logger.warn("stand-in cluster: a request failed", { error: errorText(error) });
    http.outgoing.destroy();
  });
}

/**
 * Starts the HTTPS server of a stand-in cluster, on loopback; client certificates are requested but optional, as in
 * Kubernetes.
 */
export function openClusterServer(tls: ServerOptions, port: number, wiring: Wiring): Promise<HttpListener> {
  const { faults } = wiring;
  return openListener({
    address: "127.0.0.1",
    port,
    tls: { ...tls, requestCert: true, rejectUnauthorized: false },
    onExchange: (http) => onExchange(http, wiring),
    onConnection(socket) {
      if (faults.fault === "gone") socket.destroy();
    },
    onSecureConnection(socket) {
      faults.connections += 1;
      if (faults.connections % 2 === 0) second.add(socket);
    },
  });
}
