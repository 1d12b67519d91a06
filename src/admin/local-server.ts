import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";

// An `import` of node:http evaluates its lazy WebSocket exports as well: 11 MB of undici that no daemon needs.
const { createServer } = process.getBuiltinModule("node:http");

/** Where a daemon listens. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** What an operator's request gets. */
export interface LocalReply {
  readonly status: number;
  readonly type?: string;
  readonly body: string;
  readonly allow?: string;
}

/** JSON with a final line break. */
export function json(value: unknown, status = 200): LocalReply {
  return { status, type: "application/json", body: `${JSON.stringify(value, undefined, 2)}\n` };
}

/** A line of text. */
export function line(text: string, status = 200): LocalReply {
  return { status, body: `${text}\n` };
}

function send(response: ServerResponse, reply: LocalReply): void {
  response.writeHead(reply.status, {
    "Content-Type": reply.type ?? "text/plain; charset=utf-8",
    "Content-Length": Buffer.byteLength(reply.body),
    "Cache-Control": "no-store",
    ...(reply.allow === undefined ? {} : { Allow: reply.allow }),
  });
  response.end(reply.body);
}

/** A server for this machine's operators: plain HTTP, small and slow requests bounded all the same. */
export function localServer(
  answer: (request: IncomingMessage) => Promise<LocalReply>,
  failed: (error: unknown) => LocalReply,
): Server {
  const handler: RequestListener = (request, response) => {
    answer(request)
      .catch(failed)
      .then((reply) => send(response, reply))
      // The client went away in the middle.
      .catch(() => response.destroy());
  };
  const server = createServer(
    {
      maxHeaderSize: 8 * 1024,
      headersTimeout: 5000,
      requestTimeout: 5000,
      keepAliveTimeout: 5000,
      connectionsCheckingInterval: 1000,
    },
    handler,
  );
  server.maxConnections = 64;
  return server;
}
