import { createServer as plainServer } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { createServer as secureServer, type TlsOptions, type TLSSocket } from "node:tls";
import {
  acmeTlsProtocol,
  type Http01Solver,
  http01Solver,
  type TlsAlpn01Solver,
  tlsAlpn01Solver,
} from "../../src/providers/acme/index.ts";
import { type ConnectTo, parseConnectTo } from "../../src/core/http/index.ts";
import { testAuthority } from "./certificates.ts";

/** Ports 80 and 443 of every name, on loopback, answering challenges. */
export interface ChallengeListeners {
  readonly http01: Http01Solver;
  readonly tlsAlpn01: TlsAlpn01Solver;
  readonly httpPort: number;
  readonly tlsPort: number;
  readonly connectTo: readonly ConnectTo[];
  close(): Promise<void>;
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

function alpnCallback(solver: TlsAlpn01Solver): TlsOptions {
  return {
    ALPNCallback(this: TLSSocket, { servername, protocols }) {
      if (!protocols.includes(acmeTlsProtocol))
        return protocols.includes("http/1.1") ? "http/1.1" : undefined;
      const context = solver.tlsAlpn01(servername);
      if (context === undefined) return undefined;
      this.setKeyCert(context);
      return acmeTlsProtocol;
    },
  };
}

/** Starts both listeners; ports are free ones by default. */
export async function startChallengeListeners(
  ports: { httpPort?: number; tlsPort?: number } = {},
): Promise<ChallengeListeners> {
  const http01 = http01Solver();
  const tlsAlpn01 = tlsAlpn01Solver();
  const plain = plainServer((incoming, outgoing) => {
    const token = /^\/\.well-known\/acme-challenge\/([^/?]+)$/u.exec(incoming.url ?? "")?.[1] ?? "";
    const answer = http01.http01(token);
    outgoing.writeHead(answer === undefined ? 404 : 200, { connection: "close" }).end(answer);
  });
  const own = await (await testAuthority()).issue(["ordinary.test"]);
  const secure = secureServer({ cert: own.certificate, key: own.key, ...alpnCallback(tlsAlpn01) }, (socket) =>
    socket.on("error", () => {}).end(),
  );
  const httpPort = await listen(plain, ports.httpPort ?? 0);
  const tlsPort = await listen(secure, ports.tlsPort ?? 0);
  return {
    http01,
    tlsAlpn01,
    httpPort,
    tlsPort,
    connectTo: [parseConnectTo(`:80:127.0.0.1:${httpPort}`), parseConnectTo(`:443:127.0.0.1:${tlsPort}`)],
    async close() {
      plain.closeAllConnections();
      const ended = [plain, secure].map((server) => new Promise((resolve) => server.close(resolve)));
      await Promise.all(ended);
    },
  };
}
