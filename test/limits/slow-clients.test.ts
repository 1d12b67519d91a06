/** Clients that are slower than a listener's limits, which stand at five and ten seconds here: all at once. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, request } from "node:https";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { describe, test, type TestContext } from "node:test";
import { silentLogger, systemClock } from "../../src/core/base/index.ts";
import { makeAuthority, signServing } from "../../src/operator/webhook/certificates.ts";
import { ReviewServer } from "../../src/operator/webhook/server.ts";
import { ReviewTallies } from "../../src/operator/webhook/tallies.ts";
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

async function opened(t: TestContext, open: () => Socket): Promise<Socket> {
  const socket = open();
  socket.on("error", () => undefined).resume();
  t.after(() => socket.destroy());
  await once(socket, "encrypted" in socket ? "secureConnect" : "connect");
  return socket;
}

async function cutOff(socket: Socket): Promise<void> {
  if (!socket.closed) await once(socket, "close", { signal: AbortSignal.timeout(maxWait) });
}

const webhookName = "podtrust-webhook.podtrust.svc";

/** The webhook's server, which answers every review alike: `connect` opens a connection, `ask` gives a review's status. */
async function webhook(t: TestContext) {
  const server = new ReviewServer({
    listen: { host: "127.0.0.1", port: 0 },
    answer: async (read) => {
      await read();
      return { outcome: "unchanged", body: {} };
    },
    tallies: new ReviewTallies(),
    clock: systemClock,
    logger: silentLogger,
  });
  const times = { now: Date.now(), life: 3_600_000 };
  const authority = await makeAuthority(times);
  await server.listen();
  t.after(() => server.drain());
  server.use(await signServing(authority, [webhookName], times));
  const there = {
    host: "127.0.0.1",
    port: server.address?.port ?? 0,
    servername: webhookName,
    ca: authority.certificate,
  };
  const ask = async (body: string): Promise<number | undefined> => {
    const agent = new Agent();
    const headers = { "content-type": "application/json" };
    const asked = request({ ...there, agent, path: "/inject", method: "POST", headers });
    asked.end(body);
    const [response] = (await once(asked, "response")) as [NodeJS.ReadableStream & { statusCode?: number }];
    response.resume();
    agent.destroy();
    return response.statusCode;
  };
  return { connect: () => connectTls(there), ask };
}

describe("by the limits as they are", { concurrency: true }, () => {
  for (const [name, start] of servers) {
    test(`a request whose body does not end is cut off by ${name}`, async (t) => {
      const server = await start();
      t.after(() => server.close());
      const socket = await opened(t, server.connect);
      socket.write(
        "POST /new-account HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/jose+json\r\nContent-Length: 9\r\n\r\nabc",
      );
      // A byte now and then must not put it off.
      const drip = setInterval(() => socket.write("x"), 4000);
      t.after(() => clearInterval(drip));
      await cutOff(socket);
    });
  }

  test("the webhook cuts off clients that send a head or a body too slowly, and serves others meanwhile", async (t) => {
    const server = await webhook(t);
    const head = `POST /inject HTTP/1.1\r\nHost: ${webhookName}\r\nContent-Type: application/json\r\n`;
    const slow = [await opened(t, server.connect), await opened(t, server.connect)];
    slow[0]?.write(head);
    slow[1]?.write(`${head}Content-Length: 100\r\n\r\n{`);
    assert.equal(await server.ask("{}"), 200);
    await Promise.all(slow.map(cutOff));
  });
});
