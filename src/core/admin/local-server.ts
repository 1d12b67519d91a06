import type { Server, ServerResponse } from "node:http";
import { defined } from "../base/index.ts";
import { bound, boundOptions, type Exchange, localLimits, type ServerLimits } from "../listener/index.ts";

// An `import` of node:http evaluates its lazy WebSocket exports as well: 11 MB of undici that no daemon needs.
const { createServer } = process.getBuiltinModule("node:http");

/** Where a daemon listens. */
export interface LocalAddress {
  readonly host: string;
  readonly port: number;
}

/** What an operator's request gets. */
export interface LocalReply {
  readonly status: number;
  readonly type?: string;
  readonly body: string;
  readonly allow?: string;
  /** More of them, such as a page's policy. */
  readonly headers?: Readonly<Record<string, string>>;
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
    ...reply.headers,
    ...defined({ Allow: reply.allow }),
  });
  response.end(reply.body);
}

/** Every pod of a cluster may reach it: a client that sends too much or nothing makes room for a new probe. */
const limits: ServerLimits = { ...localLimits, exchangeMs: 30_000, maxPipelined: 8 };

/** A server for this machine's operators: plain HTTP, with the same bounds as for clients. */
export function localServer(
  answer: (exchange: Exchange) => Promise<LocalReply>,
  failed: (error: unknown) => LocalReply,
): Server {
  const server = createServer(boundOptions(limits));
  const onExchange = (exchange: Exchange): void => {
    const { outgoing } = exchange;
    answer(exchange)
      .catch(failed)
      .then((reply) => send(outgoing, reply))
      // The client went away in the middle.
      .catch(() => outgoing.destroy());
  };
  bound(server, { limits, secure: false, onExchange });
  return server;
}
