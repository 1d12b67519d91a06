import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";
import type { ConnectTo } from "../../core/http/index.ts";

const { createServer } = process.getBuiltinModule("node:http");

/** A proxy for HTTPS on loopback. */
export interface IssuerProxy {
  /** For HTTPS_PROXY. */
  readonly url: string;
  close(): Promise<void>;
}

/** Where a proxy may connect to for an authority, as `host:443`; undefined for everything else. */
function targetOf(authority: string, rules: readonly ConnectTo[]): ConnectTo | undefined {
  return rules.find(({ host, port }) => authority.toLowerCase() === `${host}:${port}`);
}

/**
 * Starts a proxy that connects by these rules and nowhere else: a third-party program reaches the issuer
 * through it, since public DNS has no such name.
 */
export async function startIssuerProxy(rules: readonly ConnectTo[]): Promise<IssuerProxy> {
  const open = new Set<Duplex>();
  const server = createServer((_request, response) => void response.writeHead(405).end());
  server.on("connect", (request, client: Duplex) => {
    const target = targetOf(request.url ?? "", rules);
    open.add(client);
    client.on("error", () => client.destroy());
    client.on("close", () => open.delete(client));
    if (target?.toPort === undefined) {
      client.end("HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n");
      return;
    }
    const onward = connect(target.toPort, target.address, () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      client.pipe(onward).pipe(client);
    });
    onward.on("error", () => client.destroy());
    client.on("close", () => onward.destroy());
    onward.on("close", () => client.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
