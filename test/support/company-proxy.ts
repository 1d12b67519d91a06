import { once } from "node:events";
import { createServer, request, type IncomingMessage, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";
import type { TestAuthority } from "./certificates.ts";

/** What a name of the internet leads to behind a company's proxy: the URL of a stand-in without TLS, or a port of this machine. */
export type BehindProxy = Readonly<Record<string, string | number>>;

/** A proxy on loopback that connects on request (CONNECT, RFC 9110 §9.3.6), as squid does for port 443 alone. */
export interface CompanyProxy {
  readonly url: string;
  /** `HOST:PORT` of each request, in order. */
  readonly asked: string[];
  /** Of its requests that had a login: what stood in `Proxy-Authorization`. */
  readonly logins: string[];
  close(): Promise<void>;
}

/** Passes a request on as it came, to a stand-in that has no TLS of its own. */
function passOn(incoming: IncomingMessage, to: string, answer: (response: IncomingMessage) => void): void {
  const { hostname, port } = new URL(to);
  const { method, url: path, headers } = incoming;
  const onward = request({ hostname, port, method, path, headers, agent: false }, answer);
  onward.on("error", () => incoming.destroy());
  incoming.pipe(onward);
}

/** A server that speaks TLS under their names, for stand-ins that speak none. */
async function terminating(authority: TestAuthority, behind: BehindProxy): Promise<Server> {
  const { certificate: cert, key } = await authority.issue(["none.invalid", ...Object.keys(behind)]);
  return createSecureServer({ cert, key }, (incoming, outgoing) => {
    const to = behind[(incoming.headers.host ?? "").split(":")[0] ?? ""];
    if (typeof to !== "string") return void outgoing.writeHead(421).end();
    passOn(incoming, to, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
  });
}

/** Starts it. `login`: `USER:PASSWORD` that it asks for. */
export async function startCompanyProxy(
  authority: TestAuthority,
  behind: BehindProxy,
  login?: string,
): Promise<CompanyProxy> {
  const asked: string[] = [];
  const logins: string[] = [];
  const open = new Set<Duplex>();
  const servers = await terminating(authority, behind);
  const proxy = createServer((_request, response) => void response.writeHead(405).end());
  const wanted = login === undefined ? undefined : `Basic ${Buffer.from(login).toString("base64")}`;
  proxy.on("connect", ({ url = "", headers }, client: Duplex) => {
    open.add(client);
    client.on("error", () => {}).on("close", () => open.delete(client));
    asked.push(url);
    const given = headers["proxy-authorization"];
    if (given !== undefined) logins.push(given);
    const to = url.endsWith(":443") ? behind[url.slice(0, -":443".length)] : undefined;
    if (wanted !== undefined && given !== wanted)
      return void client.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    if (to === undefined) return void client.end("HTTP/1.1 403 Not on the list\r\n\r\n");
    client.write("HTTP/1.1 200 Connection established\r\n\r\n");
    if (typeof to === "string") return void servers.emit("connection", client);
    const onward = connect(to, "127.0.0.1");
    onward.on("error", () => client.destroy()).on("close", () => client.destroy());
    client.on("close", () => onward.destroy());
    onward.pipe(client).pipe(onward);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    asked,
    logins,
    async close() {
      for (const socket of open) socket.destroy();
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
