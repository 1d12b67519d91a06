/** Many requests at once on one HTTP/1.1 connection, by clients that read at once, later, or not at all. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { after, before, describe, test } from "node:test";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { discoveryPath, get, jwksPath, metric, raw, readAll } from "../publisher/support.ts";
import { newKey, startTestPublisher, type TestPublisher } from "../support/publisher.ts";
import { until } from "../support/until.ts";

let publisher: TestPublisher;
let jwks: string;
before(async () => {
  // About 10 KB, as with a cluster that has rotated a few times.
  publisher = await startTestPublisher({
    keys: Array.from({ length: 40 }, () => newKey("EC")),
    options: { limits: { answerTimeout: 1500 } },
  });
  await publisher.publisher.ready();
  jwks = publisher.cluster.documents().jwks.toString();
});
after(() => publisher[Symbol.asyncDispose]());

const ask = (path: string, more = ""): string =>
  `GET ${path} HTTP/1.1\r\nHost: ${publisher.host}\r\n${more}\r\n`;
const close = "Connection: close\r\n";

/** The bodies of 200s, in order, as one text has them. */
function bodiesOf(text: string): string[] {
  const bodies: string[] = [];
  for (let at = 0; at < text.length;) {
    const head = text.indexOf("\r\n\r\n", at) + 4;
    assert.ok(head > 3, `no whole head at ${at} of ${text.length}`);
    const length = Number(/content-length: (\d+)/iu.exec(text.slice(at, head))?.[1]);
    assert.match(text.slice(at, head), /^HTTP\/1\.1 200 OK\r\n/u);
    bodies.push(text.slice(head, head + length));
    at = head + length;
  }
  return bodies;
}

describe("a client that asks for a thousand documents at once", () => {
  test("gets every one of them, in order", async () => {
    const socket = await raw(publisher);
    const paths = Array.from({ length: 1000 }, (_, index) => (index % 7 === 0 ? discoveryPath : jwksPath));
    socket.write(paths.map((path) => ask(path)).join("") + ask(jwksPath, close));
    const bodies = bodiesOf(await readAll(socket));
    const discovery = publisher.cluster.documents().discovery.toString();
    assert.equal(bodies.length, 1001);
    for (const [index, path] of [...paths, jwksPath].entries())
      assert.equal(bodies[index], path === jwksPath ? jwks : discovery, `answer ${index}`);
  });

  test("gets every one of them where it reads with pauses", async () => {
    const socket = await raw(publisher);
    socket.write(ask(jwksPath).repeat(1000) + ask(jwksPath, close));
    const parts: Buffer[] = [];
    let read = 0;
    socket.on("data", (part: Buffer) => {
      parts.push(part);
      read += part.length;
      if (read < 2_000_000) return;
      read = 0;
      socket.pause();
      setTimeout(() => socket.resume(), 50);
    });
    await once(socket, "end");
    const bodies = bodiesOf(Buffer.concat(parts).toString());
    assert.equal(bodies.length, 1001);
    assert.ok(bodies.every((body) => body === jwks));
  });

  test("gets every one of them where it ends its side with the last request", async () => {
    const tcp = connectTcp({ port: publisher.port, host: "127.0.0.1", allowHalfOpen: true });
    const socket: TLSSocket = connectTls({
      socket: tcp,
      servername: publisher.host,
      ca: publisher.authority.root,
      ALPNProtocols: ["http/1.1"],
    });
    await once(socket, "secureConnect");
    socket.end(ask(jwksPath).repeat(1000));
    assert.equal(bodiesOf(await readAll(socket)).length, 1000);
  });

  test("gets answers in the order of its requests where some end the talk or send content", async () => {
    const socket = await raw(publisher);
    const upload = `POST ${jwksPath} HTTP/1.1\r\nHost: ${publisher.host}\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`;
    socket.write(ask(jwksPath).repeat(500) + upload);
    const text = await readAll(socket);
    const [last = ""] = /HTTP\/1\.1 405 [^]*$/u.exec(text) ?? [];
    assert.match(last, /^HTTP\/1\.1 405 Method Not Allowed\r\n[^]*Connection: close\r\n\r\n405 /u);
    assert.equal(bodiesOf(text.slice(0, -last.length)).length, 500);
    assert.doesNotMatch(text, /100 Continue/u);
  });
});

test("documents larger than what is written at once come whole, also many at once", async () => {
  await using large = await startTestPublisher({ keys: Array.from({ length: 100 }, () => newKey("EC")) });
  await large.publisher.ready();
  const { body } = await get(large, jwksPath);
  assert.ok(body.length > 16_384, `${body.length} bytes`);
  const socket = await raw(large);
  const request = `GET ${jwksPath} HTTP/1.1\r\nHost: ${large.host}\r\n`;
  socket.write(`${request}\r\n`.repeat(100) + `${request}${close}\r\n`);
  const bodies = bodiesOf(await readAll(socket));
  assert.equal(bodies.length, 101);
  assert.ok(bodies.every((one) => one === body.toString()));
});

test("a client that asks and does not read is read no further, and cut off", async () => {
  const answered = (): Promise<number> =>
    metric(publisher, 'podtrust_http_requests_total{stack="test",path="jwks",status="200"}');
  const earlier = await answered();
  const socket = await raw(publisher);
  socket.on("error", () => {});
  socket.pause();
  const asked = 50_000;
  socket.write(ask(jwksPath).repeat(asked));
  await until(
    "the slow client is cut off",
    async () => (await metric(publisher, 'podtrust_clients_cut_off_total{reason="too-slow"}')) === 1,
  );
  // What the kernel's buffers hold of answers, and as many requests as one read brings.
  const more = (await answered()) - earlier;
  assert.ok(more < asked / 5, `${more} were answered`);
  // The connections of the tests before may wait for their client's end a while longer than this one.
  await until(
    "no connection is left",
    async () => (await metric(publisher, 'podtrust_connections{protocol="http/1.1"}')) === 0,
  );
  socket.destroy();
  assert.equal((await get(publisher, jwksPath)).status, 200);
});
