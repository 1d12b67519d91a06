import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Server } from "node:net";

/** Who is asked for HTTP-01: a web server that holds what it is told to. */
export interface Challenged {
  readonly port: number;
  /** Key authorizations by token. */
  readonly held: Map<string, string>;
  readonly asked: string[];
  close(): Promise<void>;
}

export async function startChallenged(): Promise<Challenged> {
  const held = new Map<string, string>();
  const asked: string[] = [];
  const server: Server = createServer((incoming, outgoing) => {
    asked.push(`${incoming.headers.host ?? ""}${incoming.url ?? ""}`);
    const token = /^\/\.well-known\/acme-challenge\/([\w-]+)$/u.exec(incoming.url ?? "")?.[1];
    const value = held.get(token ?? "");
    if (value === undefined) outgoing.writeHead(404).end();
    else outgoing.end(value);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    held,
    asked,
    async close() {
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}
