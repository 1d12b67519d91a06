import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { describe, test, type TestContext } from "node:test";
import { startSandbox, startAuthority, startStandInCluster } from "../../src/sandbox/index.ts";
import { maxWait } from "../support/until.ts";

interface Reached {
  readonly close: () => Promise<void>;
  readonly connect: () => Socket;
}

const tls = (url: string, ca: string): Socket =>
  connectTls({ host: "127.0.0.1", port: Number(new URL(url).port), ca, servername: "localhost" });

const servers: readonly (readonly [name: string, start: () => Promise<Reached>])[] = [
  [
    "the sandbox",
    async () => {
      const sandbox = await startSandbox();
      const port = Number(new URL(sandbox.url).port);
      return { close: () => sandbox.close(), connect: () => connect(port, "127.0.0.1") };
    },
  ],
  [
    "the stand-in CA",
    async () => {
      const ca = await startAuthority();
      return { close: () => ca.close(), connect: () => tls(ca.directoryUrl, ca.tlsCa) };
    },
  ],
  [
    "the stand-in cluster",
    async () => {
      const cluster = await startStandInCluster({
        issuer: "https://a.example",
        anonymousAuth: true,
        algorithm: "ES256",
      });
      return { close: () => cluster.close(), connect: () => tls(cluster.url, cluster.ca) };
    },
  ],
];

async function reached(t: TestContext, start: () => Promise<Reached>): Promise<Socket> {
  const server = await start();
  t.after(() => server.close());
  const socket = server.connect();
  socket.on("error", () => undefined).resume();
  t.after(() => socket.destroy());
  await once(socket, "encrypted" in socket ? "secureConnect" : "connect");
  return socket;
}

// Their usual bounds: a wait of ten seconds, all at once.
describe("a request whose body does not end", { concurrency: true }, () => {
  for (const [name, start] of servers) {
    test(`is cut off by ${name} in less than 20 seconds`, async (t) => {
      const socket = await reached(t, start);
      socket.write(
        "POST /new-account HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/jose+json\r\nContent-Length: 9\r\n\r\nabc",
      );
      // A byte now and then must not put it off.
      const drip = setInterval(() => socket.write("x"), 4000);
      t.after(() => clearInterval(drip));
      await once(socket, "close", { signal: AbortSignal.timeout(maxWait) });
      assert.ok(socket.closed);
    });
  }
});
