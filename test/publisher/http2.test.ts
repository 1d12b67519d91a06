import assert from "node:assert/strict";
import { once } from "node:events";
import { constants } from "node:http2";
import { after, before, describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { newKey, startTestPublisher, type TestPublisher } from "../support/publisher.ts";
import { discoveryPath, get2, http2, jwksPath, raw } from "./support.ts";

let publisher: TestPublisher;
describe("HTTP/2 of the publisher", () => {
  before(async () => {
    publisher = await startTestPublisher({
      keys: [newKey("RSA"), newKey("RSA")],
      options: { limits: { http2ResetBurst: 20, http2ResetRate: 5 } },
    });
    await publisher.publisher.ready();
  });

  after(() => publisher[Symbol.asyncDispose]());

  test("HTTP/2 gives the same documents and headers as HTTP/1.1", async () => {
    const session = http2(publisher);
    const jwks = await get2(session, { ":path": jwksPath });
    assert.equal(jwks.status, 200);
    assert.deepEqual(jwks.body, publisher.cluster.documents().jwks);
    assert.equal(jwks.headers["content-type"], "application/jwk-set+json");
    assert.equal(jwks.headers["date"], "Wed, 25 Nov 2026 00:00:00 GMT");
    assert.equal(jwks.headers["server"], undefined);
    const packed = await get2(session, { ":path": discoveryPath, "accept-encoding": "gzip" });
    assert.deepEqual(
      packed.headers["content-encoding"] === "gzip" ? gunzipSync(packed.body) : packed.body,
      publisher.cluster.documents().discovery,
    );
    session.close();
  });

  test("HEAD, 304, 404, 405, 414 and 421 are HTTP/1.1's", async () => {
    const session = http2(publisher);
    const head = await get2(session, { ":path": jwksPath, ":method": "HEAD" });
    assert.equal(head.status, 200);
    assert.equal(head.body.length, 0);
    const etag = String(head.headers["etag"]);
    assert.equal((await get2(session, { ":path": jwksPath, "if-none-match": etag })).status, 304);
    assert.equal((await get2(session, { ":path": "/" })).status, 404);
    const posted = await get2(session, { ":path": jwksPath, ":method": "POST" });
    assert.equal(posted.status, 405);
    assert.equal(posted.headers["allow"], "GET, HEAD");
    assert.equal((await get2(session, { ":path": `/${"a".repeat(3000)}` })).status, 414);
    assert.equal((await get2(session, { ":path": jwksPath, ":authority": "evil.test" })).status, 421);
    session.close();
  });

  test("hundreds of streams at once are all answered", async () => {
    const session = http2(publisher);
    const answers = await Promise.all(
      Array.from({ length: 300 }, () => get2(session, { ":path": jwksPath })),
    );
    assert.ok(answers.every((answer) => answer.status === 200));
    session.close();
  });

  test("content that nobody asked for is not waited for", async () => {
    const session = http2(publisher);
    const stream = session.request({ ":path": jwksPath, ":method": "POST" });
    stream.on("error", () => {});
    const [response] = (await once(stream, "response")) as [Record<string, unknown>];
    assert.equal(response[":status"], 405);
    stream.resume();
    await once(stream, "close");
    assert.equal((await get2(session, { ":path": jwksPath })).status, 200);
    session.close();
  });

  test("header fields over the bound are 431, and the session goes on", async () => {
    const session = http2(publisher);
    const large = await get2(session, { ":path": jwksPath, "x-large": "a".repeat(20_000) });
    assert.equal(large.status, 431);
    assert.equal((await get2(session, { ":path": jwksPath })).status, 200);
    session.close();
  });

  test("rapid resets end the session (CVE-2023-44487), and the publisher goes on", async () => {
    const session = http2(publisher);
    await get2(session, { ":path": jwksPath });
    const closed = new Promise((resolve) => session.once("close", resolve));
    const flood = setInterval(() => {
      if (session.destroyed) return;
      for (let index = 0; index < 20; index += 1) {
        const stream = session.request({ ":path": jwksPath });
        stream.on("error", () => {});
        stream.close(constants.NGHTTP2_CANCEL);
      }
    }, 5);
    await closed;
    clearInterval(flood);
    const next = http2(publisher);
    assert.equal((await get2(next, { ":path": jwksPath })).status, 200);
    next.close();
  });

  test("bytes that are not HTTP/2 on an h2 connection cut it off", async () => {
    const socket = await raw(publisher, "h2");
    socket.on("error", () => {});
    socket.write("GET / HTTP/1.1\r\n\r\n");
    socket.resume();
    await once(socket, "close");
  });

  test("a client that offers neither protocol is refused in the handshake (RFC 7301 §3.2)", async () => {
    await assert.rejects(raw(publisher, "spdy/3"));
  });

  test("a session is asked to go on shutdown, after what runs has ended", async () => {
    await using own = await startTestPublisher();
    await own.publisher.ready();
    const session = http2(own);
    await get2(session, { ":path": jwksPath });
    const goaway = once(session, "goaway");
    const closing = own.publisher.close(5000);
    const [code] = (await goaway) as [number];
    assert.equal(code, constants.NGHTTP2_NO_ERROR);
    await closing;
  });
});
