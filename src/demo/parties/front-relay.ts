import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { collectBytes } from "../../core/base/index.ts";
import { request } from "../../core/http/index.ts";
import type { Front } from "../../sandbox/index.ts";

const { createServer } = process.getBuiltinModule("node:http");

/** Hosts of a front under plain addresses of this machine. */
export interface FrontRelay {
  /** The address that stands for a host. */
  at(host: string): string;
  close(): Promise<void>;
}

const maxBody = 1024 * 1024;
/** The request headers that a cloud's API reads. */
const headersOn = ["authorization", "content-type", "if-match"];

async function relayed(
  front: Front,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const { method = "GET", headers, url = "/" } = incoming;
  const body = await collectBytes(incoming, maxBody);
  const sent = headersOn.flatMap((name) => {
    const value = headers[name];
    return typeof value === "string" ? [[name, value] as const] : [];
  });
  const answer = await request(`https:/${url}`, {
    method,
    headers: Object.fromEntries(sent),
    ...(body.length === 0 ? {} : { body }),
    proxy: front.url,
    ca: front.ca,
    signal,
  });
  outgoing.writeHead(answer.status, { "content-type": answer.headers["content-type"] ?? "application/json" });
  outgoing.end(answer.body);
}

/**
 * Starts a relay to a front: podtrust's own clients accept an address for each API, and no proxy. The front
 * refuses hosts that are not its own.
 */
export async function startFrontRelay(front: Front, signal: AbortSignal): Promise<FrontRelay> {
  const server = createServer((incoming, outgoing) => {
    relayed(front, incoming, outgoing, signal).catch(() => void outgoing.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    at: (host) => `http://127.0.0.1:${port}/${host}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
