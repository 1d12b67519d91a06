import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { ConnectTo } from "../../../src/core/http/index.ts";
import { testAuthority } from "../../support/certificates.ts";
import type { ControlPlane } from "../harness/index.ts";

/** The documents of a cluster under the name of its issuer. */
export interface PublishedIssuer {
  /** Leads to it in place of public DNS. */
  readonly connectTo: readonly ConnectTo[];
  /** PEM of the root that vouches for it. */
  readonly ca: string;
  readonly close: () => Promise<void>;
}

/** Hands a cluster's own documents on, over HTTPS on a free port of loopback. */
export async function publishIssuer(plane: ControlPlane): Promise<PublishedIssuer> {
  const { hostname } = new URL(plane.issuer);
  const authority = await testAuthority();
  const { certificate, key } = await authority.issue([hostname]);
  const server = createServer({ cert: certificate, key }, (request, answer) => {
    plane.ask(request.url ?? "/").then(
      ({ status, text }) => answer.writeHead(status, { "content-type": "application/json" }).end(text),
      () => answer.writeHead(502).end(),
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    connectTo: [{ host: hostname, port: 443, address: "127.0.0.1", toPort: port }],
    ca: authority.root,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
