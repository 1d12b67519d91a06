/** HTTP/2 clients that ask and leave their windows shut, or send frames that ask for nothing. */
import assert from "node:assert/strict";
import type { EventEmitter } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { after, before, describe, test } from "node:test";
import { get, get2, http2, jwksPath, metric, raw } from "../publisher/support.ts";
import { newKey, startTestPublisher, type TestPublisher } from "../support/publisher.ts";
import { frame, preface, windowUpdate } from "./frames.ts";
import { until } from "../support/until.ts";

let publisher: TestPublisher;
before(async () => {
  publisher = await startTestPublisher({
    // More than one answer of it does not fit into a session's bound.
    keys: Array.from({ length: 40 }, () => newKey("EC")),
    options: {
      limits: {
        answerTimeout: 600,
        requestTimeout: 600,
        keepAliveTimeout: 600,
        http2OutputBytes: 15_000,
      },
    },
  });
  await publisher.publisher.ready();
});
after(() => publisher[Symbol.asyncDispose]());

const sessions = (): Promise<number> => metric(publisher, 'podtrust_connections{protocol="h2"}');
const cutOff = (reason: string): Promise<number> =>
  metric(publisher, `podtrust_clients_cut_off_total{reason="${reason}"}`);

/** However it comes: a reset is an end as well. */
const closeOf = (one: EventEmitter): Promise<void> =>
  new Promise((resolve) => void one.once("close", resolve));

describe("answers of one session beyond its bound wait their turn", () => {
  test("and all come, whole", async () => {
    const session = http2(publisher);
    const { jwks } = publisher.cluster.documents();
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => get2(session, { ":path": jwksPath })),
    );
    assert.ok(answers.every(({ status, body }) => status === 200 && body.equals(jwks)));
    session.destroy();
  });

  test("and those whose streams were reset meanwhile are left out", async () => {
    const session = http2(publisher);
    const streams = Array.from({ length: 50 }, () => session.request({ ":path": jwksPath }));
    for (const [index, stream] of streams.entries()) {
      stream.on("error", () => {});
      if (index % 2 === 0) stream.close();
    }
    assert.equal((await get2(session, { ":path": jwksPath })).status, 200);
    session.destroy();
  });
});

test("a session whose client opens no window for its answers is ended", async () => {
  const earlier = await cutOff("too-slow");
  const socket = await raw(publisher, "h2");
  const session = connectHttp2(`https://${publisher.host}`, {
    createConnection: () => socket,
    settings: { initialWindowSize: 0 },
  });
  session.on("error", () => {});
  const closed = closeOf(session);
  for (let index = 0; index < 50; index += 1) {
    const stream = session.request({ ":path": jwksPath });
    stream.on("error", () => {});
    stream.resume();
  }
  await closed;
  assert.equal((await cutOff("too-slow")) - earlier, 1);
  await until("the session is over", async () => (await sessions()) === 0);
});

test("a session whose client opens its windows by a byte at a time is ended as well", async () => {
  const earlier = (await cutOff("too-slow")) + (await cutOff("flood"));
  const socket = await raw(publisher, "h2");
  socket.on("error", () => {});
  const session = connectHttp2(`https://${publisher.host}`, {
    createConnection: () => socket,
    settings: { initialWindowSize: 1 },
  });
  session.on("error", () => {});
  const closed = closeOf(session);
  const stream = session.request({ ":path": jwksPath });
  stream.on("error", () => {});
  let read = 0;
  stream.on("data", (part: Buffer) => (read += part.length));
  await closed;
  assert.ok(read > 0 && read < 10_000, `${read} bytes`);
  // As one that takes too long, or, where it does so fast, for its WINDOW_UPDATEs.
  assert.equal((await cutOff("too-slow")) + (await cutOff("flood")) - earlier, 1);
});

test("a session without a request is ended, whatever else it sends", async () => {
  const earlier = await cutOff("too-slow");
  const socket = await raw(publisher, "h2");
  socket.on("error", () => {});
  socket.resume();
  socket.write(preface);
  const ping = frame(6, 0, 0, Buffer.alloc(8));
  const pings = setInterval(() => socket.writable && socket.write(ping), 50);
  await closeOf(socket);
  clearInterval(pings);
  assert.equal((await cutOff("too-slow")) - earlier, 1);
});

describe("frames that ask for nothing", () => {
  const floods: readonly (readonly [what: string, frames: Buffer])[] = [
    ["WINDOW_UPDATE of the session", windowUpdate(0, 1)],
    ["PRIORITY", frame(2, 0, 1, Buffer.from([0, 0, 0, 3, 1]))],
    ["frames of unknown type", frame(0xee, 0, 0, Buffer.alloc(64))],
  ];
  for (const [what, one] of floods) {
    test(`${what}: a flood is cut off, and others are answered`, async () => {
      const socket = await raw(publisher, "h2");
      socket.on("error", () => {});
      socket.resume();
      socket.write(preface);
      const burst = Buffer.concat(Array.from({ length: 1000 }, () => one));
      let sent = 0;
      const flood = setInterval(() => {
        if (!socket.writable || socket.writableNeedDrain) return;
        socket.write(burst);
        sent += burst.length;
      }, 1);
      await closeOf(socket);
      clearInterval(flood);
      assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes were sent`);
      assert.equal((await get(publisher, jwksPath)).status, 200);
    });
  }

  test("WINDOW_UPDATE beside requests: what a busy client sends is no flood", async () => {
    const earlier = await cutOff("flood");
    const session = http2(publisher);
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(Array.from({ length: 20 }, () => get2(session, { ":path": jwksPath })));
      for (let ping = 0; ping < 5; ping += 1) session.ping(() => {});
    }
    assert.equal((await cutOff("flood")) - earlier, 0);
    session.destroy();
  });
});
