import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { until } from "../../../test/support/until.ts";
import { relayTo } from "./socket-relay.ts";

async function socketPath(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pt-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "s");
}

const length = 1024 * 1024;

/** How many bytes come, to the end of that half of a connection. */
async function received(socket: Socket): Promise<number> {
  let bytes = 0;
  socket.on("data", (part: Buffer) => (bytes += part.length));
  await once(socket, "end");
  return bytes;
}

test("a relay passes on both directions whole, whichever ends first", async (t) => {
  const path = await socketPath(t);
  const counts: number[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const isFirst = counts.length === 0;
    const all = received(socket).then((count) => counts.push(count));
    const answer = (): unknown => socket.end(Buffer.alloc(length));
    // The first is answered once it has ended, the second before.
    if (isFirst) void all.then(answer);
    else answer();
  }).listen(path);
  await once(server, "listening");
  t.after(() => server.close());
  const relay = await relayTo(path, 0);
  t.after(() => relay.close());
  const open = (): Socket => connect({ port: relay.port, host: "127.0.0.1", allowHalfOpen: true });
  const first = open().end(Buffer.alloc(length));
  assert.equal(await received(first), length);
  assert.deepEqual(counts, [length]);
  const second = open();
  assert.equal(await received(second), length);
  second.end(Buffer.alloc(length));
  await once(second, "close");
  await until("the second has come whole", () => counts.length === 2);
  assert.deepEqual(counts, [length, length]);
});

test("a relay to a socket without a listener ends the connection, and stays for the next", async (t) => {
  const relay = await relayTo(await socketPath(t), 0);
  t.after(() => relay.close());
  for (let tries = 0; tries < 2; tries += 1) {
    const client = connect({ port: relay.port, host: "127.0.0.1" }).on("error", () => {});
    await once(client, "close");
  }
});

test("a closed relay has ended its connections, and its port is another's at once", async (t) => {
  const path = await socketPath(t);
  const server = createServer((socket) => void socket.on("error", () => {}).write("here")).listen(path);
  await once(server, "listening");
  t.after(() => server.close());
  const relay = await relayTo(path, 0);
  const client = connect({ port: relay.port, host: "127.0.0.1" }).on("error", () => {});
  await once(client, "data");
  await assert.rejects(relayTo(path, relay.port), { code: "EADDRINUSE" });
  relay.close();
  await once(client, "close");
  const next = await relayTo(path, relay.port);
  assert.equal(next.port, relay.port);
  next.close();
});
