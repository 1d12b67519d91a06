/** Connections that pose as a CA's validator (RFC 8737) while a challenge stands, and are then left open. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { connect as connectTls, createSecureContext } from "node:tls";
import { get, jwksPath, metric } from "../publisher/support.ts";
import { startTestPublisher, type TestPublisher } from "../support/publisher.ts";
import { testAuthority } from "../support/certificates.ts";
import { until } from "../support/until.ts";

let publisher: TestPublisher;
before(async () => {
  const { certificate, key } = await (await testAuthority()).issue(["oidc.example.test"]);
  const context = createSecureContext({ cert: certificate, key });
  publisher = await startTestPublisher({
    options: { challenges: { tlsAlpn01: () => context }, limits: { closingTimeout: 500 } },
  });
  await publisher.publisher.ready();
});
after(() => publisher[Symbol.asyncDispose]());

/** Shakes hands as a validator, and never ends its side. */
async function validatorThatStays(): Promise<Socket> {
  const tcp = connectTcp({ port: publisher.port, host: "127.0.0.1", allowHalfOpen: true });
  tcp.on("error", () => {});
  const tls = connectTls({
    socket: tcp,
    servername: publisher.host,
    rejectUnauthorized: false,
    ALPNProtocols: ["acme-tls/1"],
  });
  tls.on("error", () => {});
  await once(tls, "secureConnect");
  assert.equal(tls.alpnProtocol, "acme-tls/1");
  return tcp;
}

test("a validator's connection ends soon after its handshake, also where the other side does not end it", async () => {
  const open = (): Promise<number> => metric(publisher, 'podtrust_connections{protocol="handshake"}');
  const sockets = await Promise.all(Array.from({ length: 20 }, validatorThatStays));
  await until("every connection is closed", async () => (await open()) === 0);
  for (const socket of sockets) socket.destroy();
  assert.equal((await get(publisher, jwksPath)).status, 200);
});
