/**
 * Connections that are cut off since too much is held, in the midst of their own handshake and of their own requests.
 * Destroyed right there, by their TCP socket, they took the process with them (SIGSEGV in Node 26): its TLS and HTTP/2
 * go on reading what they were called back for.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { get, get2, http2, jwksPath, metric, raw } from "../publisher/support.ts";
import { startTestPublisher, type TestPublisher } from "../support/publisher.ts";
import { preface, request } from "./frames.ts";
import { until } from "../support/until.ts";

let publisher: TestPublisher;
before(async () => {
  publisher = await startTestPublisher({ options: { limits: { heldBytes: 20_000 } } });
  await publisher.publisher.ready();
});
after(() => publisher[Symbol.asyncDispose]());

function tls(alpn: string): TLSSocket {
  const { port, host, authority } = publisher;
  const socket = connect({
    host: "127.0.0.1",
    port,
    servername: host,
    ca: authority.root,
    ALPNProtocols: [alpn],
  });
  socket.on("error", () => {});
  socket.once("secureConnect", () => alpn === "h2" && socket.write(preface));
  return socket.resume();
}

const cutOff = (reason: string): Promise<number> =>
  metric(publisher, `podtrust_clients_cut_off_total{reason="${reason}"}`);

test("a session that asks for more than is held for all is cut off, and the publisher goes on", async () => {
  const requests = Array.from({ length: 100 }, (_, index) =>
    request(2 * index + 1, publisher.host, jwksPath),
  );
  for (let round = 0; round < 20; round += 1) {
    const socket = await raw(publisher, "h2");
    socket.on("error", () => {});
    socket.resume();
    const closed = new Promise((resolve) => void socket.once("close", resolve));
    socket.write(Buffer.concat([preface, ...requests]));
    await closed;
  }
  assert.ok((await cutOff("too-slow")) >= 20);
  assert.equal((await get(publisher, jwksPath)).status, 200);
});

test("meanwhile connections of an address that has many are served as soon as garbage is collected", async () => {
  const open = (): Promise<number> => metric(publisher, 'podtrust_connections{protocol="http/1.1"}');
  await until("every connection is closed", async () => (await open()) === 0);
  const held = Array.from({ length: 8 }, () => tls("http/1.1"));
  await until("they are open", async () => (await open()) === held.length);
  const crowded = await cutOff("crowded");
  for (let round = 0; round < 40; round += 1) {
    const session = http2(publisher);
    const path = { ":path": jwksPath, ":authority": publisher.host };
    assert.equal((await get2(session, path)).status, 200);
    session.close();
    assert.equal((await get(publisher, jwksPath)).status, 200);
  }
  assert.equal(await cutOff("crowded"), crowded);
  for (const socket of held) socket.destroy();
  await until("every connection is closed", async () => (await open()) === 0);
});
