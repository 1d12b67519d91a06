import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { after, before, describe, test } from "node:test";
import { startTestPublisher, type TestPublisher } from "../support/publisher.ts";
import { get, jwksPath, raw, readAll } from "./support.ts";
import { until } from "../support/until.ts";

let publisher: TestPublisher;
async function send(text: string): Promise<string> {
  const socket = await raw(publisher);
  socket.on("error", () => {});
  socket.write(text);
  return readAll(socket);
}

const statusOf = (text: string): string | undefined => /^HTTP\/1\.1 (\d+)/u.exec(text)?.[1];
const host = (): string => `Host: ${publisher.host}\r\n`;

describe("hostile clients of the publisher", () => {
  before(async () => {
    publisher = await startTestPublisher({
      options: {
        limits: {
          requestTimeout: 600,
          keepAliveTimeout: 1500,
          handshakeTimeout: 500,
          connections: 20,
        },
      },
    });
    await publisher.publisher.ready();
  });

  after(() => publisher[Symbol.asyncDispose]());

  test("a request target over the bound is 414, also one that never ends", async () => {
    assert.equal(
      statusOf(await send(`GET /${"a".repeat(3000)} HTTP/1.1\r\n${host()}Connection: close\r\n\r\n`)),
      "414",
    );
    assert.equal(statusOf(await send(`GET /${"a".repeat(12_000)}`)), "414");
  });

  test("header fields over the bound are 431 (RFC 6585 §5)", async () => {
    assert.equal(statusOf(await send(`GET / HTTP/1.1\r\n${host()}X: ${"a".repeat(12_000)}\r\n\r\n`)), "431");
    const many = Array.from({ length: 2000 }, (_, index) => `X-${index}: a\r\n`).join("");
    assert.equal(statusOf(await send(`GET / HTTP/1.1\r\n${host()}${many}\r\n`)), "431");
  });

  test("bytes that are no HTTP are answered 400", async () => {
    for (const text of [
      "nonsense\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",
      `GET / HTTP/1.1\r\n${host()}${host()}Connection: close\r\n\r\n`,
      `GET / HTTP/1.1\r\n${host()}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n`,
      `GET / HTTP/1.1\r\n${host()} Folded: x\r\n\r\n`,
      `GET / HTTP/1.1\r\n${host()}Content-Length: -1\r\n\r\n`,
    ]) {
      assert.equal(statusOf(await send(text)), "400", JSON.stringify(text));
    }
  });

  test("content is not read: the answer comes and the connection ends", async () => {
    const text = await send(`POST ${jwksPath} HTTP/1.1\r\n${host()}Content-Length: 1000000\r\n\r\nabc`);
    assert.match(text, /^HTTP\/1\.1 405 [^]*Connection: close/u);
    assert.equal(text.match(/HTTP\/1\.1/gu)?.length, 1);
  });

  test("an expectation that is none of HTTP's is 417 (RFC 9110 §10.1.1)", async () => {
    const text = await send(
      `GET ${jwksPath} HTTP/1.1\r\n${host()}Expect: miracles\r\nConnection: close\r\n\r\n`,
    );
    assert.equal(statusOf(text), "417");
  });

  test("a client that sends its headers byte by byte is cut off with 408", async () => {
    const socket = await raw(publisher);
    socket.on("error", () => {});
    const drip = setInterval(() => socket.write("X"), 50);
    socket.write(`GET ${jwksPath} HTTP/1.1\r\n${host()}`);
    const text = await readAll(socket);
    clearInterval(drip);
    assert.equal(statusOf(text), "408");
  });

  test("a connection that says nothing is closed, before the handshake and after it", async () => {
    const bare = connectTcp(publisher.port, "127.0.0.1");
    bare.on("error", () => {});
    bare.resume();
    const silent = await raw(publisher);
    silent.on("error", () => {});
    silent.resume();
    await Promise.all([once(bare, "close"), once(silent, "close")]);
  });

  test("an idle connection that was used is closed after the keep-alive time", async () => {
    const socket = await raw(publisher);
    socket.resume();
    socket.write(`GET ${jwksPath} HTTP/1.1\r\n${host()}\r\n`);
    const begun = performance.now();
    await once(socket, "close");
    assert.ok(performance.now() - begun >= 1000);
  });

  test("a client that pipelines without reading is bounded and cut off", async () => {
    const socket = await raw(publisher);
    socket.on("error", () => {});
    socket.pause();
    const ask = `GET ${jwksPath} HTTP/1.1\r\n${host()}\r\n`.repeat(200);
    const flood = setInterval(() => socket.writable && socket.write(ask), 10);
    const rss = process.memoryUsage.rss();
    await new Promise((resolve) => socket.once("close", resolve));
    clearInterval(flood);
    assert.ok(process.memoryUsage.rss() - rss < 200 * 1024 * 1024);
  });

  test("an address gets every place, and whoever comes next one of its own; that is counted", async () => {
    const sockets = await Promise.all(
      Array.from({ length: 40 }, () => raw(publisher).catch(() => undefined)),
    );
    const had = sockets.filter((socket) => socket !== undefined);
    for (const socket of had) socket.on("error", () => {}).resume();
    assert.equal((await get(publisher, jwksPath)).status, 200);
    const { text } = await publisher.admin("/metrics");
    const crowded = /podtrust_clients_cut_off_total\{reason="crowded"\} (\d+)/u.exec(text)?.[1];
    assert.ok(Number(crowded) >= 20, `${crowded} made room`);
    for (const socket of had) socket.destroy();
  });

  test("after all of it the documents are served as before", async () => {
    // The connections of the tests above are counted until their ends have arrived.
    await until("the documents are served", () =>
      get(publisher, jwksPath).then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
  });
});
