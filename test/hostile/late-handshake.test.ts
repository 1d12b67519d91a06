/**
 * A handshake that ends about when its time does. Node 26 reported the time-out, the publisher began an HTTP/1.1
 * answer on the raw connection, the handshake ended with ALPN h2 all the same, and HTTP/2 wrote over the pending
 * answer: an assertion that aborts the process, by one client's connection.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";
import { get, jwksPath } from "../publisher/support.ts";
import { startTestPublisher, type TestPublisher } from "../support/publisher.ts";

const handshakeTimeout = 400;

let publisher: TestPublisher;
before(async () => {
  publisher = await startTestPublisher({ options: { limits: { handshakeTimeout } } });
  await publisher.publisher.ready();
});
after(() => publisher[Symbol.asyncDispose]());

const http2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

async function silentConnection(): Promise<Socket> {
  const socket = connectTcp(publisher.port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** Shakes hands over a connection that stands, speaks, and waits for whatever end it comes to. */
async function speakLate(socket: Socket, alpn: string, text: string): Promise<void> {
  if (socket.destroyed) return;
  const tls = connectTls({
    socket,
    servername: publisher.host,
    ca: publisher.authority.root,
    ALPNProtocols: [alpn],
  });
  tls.on("error", () => {});
  tls.once("secureConnect", () => tls.write(text, "latin1"));
  tls.resume();
  // A reset is an end as well.
  const ended = [once(tls, "close"), once(socket, "close")].map((end) => end.catch(() => {}));
  await Promise.race([...ended, sleep(1500)]);
  tls.destroy();
}

for (const [alpn, text] of [
  ["h2", http2Preface],
  ["http/1.1", "GET / HTTP/1.1\r\n\r\n"],
] as const) {
  test(`a connection that is silent until its handshake's time ends, then speaks ${alpn}, is cut and harms nobody`, async () => {
    // Around the end of the time, where answer and handshake crossed.
    const silences = [-40, -10, 0, 10, 30, 60, 150, 300].map((offset) => handshakeTimeout + offset);
    await Promise.all(
      silences.map(async (silence) => {
        const socket = await silentConnection();
        await sleep(silence);
        await speakLate(socket, alpn, text);
        socket.destroy();
      }),
    );
    assert.equal((await get(publisher, jwksPath)).status, 200);
  });
}

test("a connection is never written to before its protocol is decided", async () => {
  const socket = await silentConnection();
  const received: Buffer[] = [];
  socket.on("data", (part: Buffer) => void received.push(part));
  // At the end of the handshake's time it is cut off.
  await once(socket, "close");
  assert.equal(Buffer.concat(received).toString("latin1"), "");
});
