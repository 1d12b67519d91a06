import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { newKey, startTestPublisher, type TestPublisher } from "../support/publisher.ts";
import { discoveryPath, get, jwksPath, raw, readAll } from "./support.ts";

let publisher: TestPublisher;
describe("HTTP/1.1 of the publisher", () => {
  before(async () => {
    publisher = await startTestPublisher({ keys: [newKey("RSA"), newKey("RSA")] });
    await publisher.publisher.ready();
  });

  after(() => publisher[Symbol.asyncDispose]());

  test("the documents are the cluster's, under their media types and with a host that never shows", async () => {
    const discovery = await get(publisher, discoveryPath);
    assert.equal(discovery.status, 200);
    assert.equal(discovery.headers["content-type"], "application/json");
    assert.deepEqual(discovery.body, publisher.cluster.documents().discovery);
    const jwks = await get(publisher, jwksPath);
    assert.equal(jwks.headers["content-type"], "application/jwk-set+json");
    assert.deepEqual(jwks.body, publisher.cluster.documents().jwks);
  });

  test("the headers are those of a cacheable document of a careful server", async () => {
    const { headers } = await get(publisher, jwksPath);
    assert.equal(headers["cache-control"], "public, max-age=60");
    assert.equal(headers["strict-transport-security"], "max-age=31536000");
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["vary"], "Accept-Encoding");
    assert.match(String(headers["etag"]), /^"[\w-]{27}"$/u);
    assert.equal(headers["server"], undefined);
    assert.equal(headers["date"], "Wed, 25 Nov 2026 00:00:00 GMT");
  });

  test("HEAD says what GET would, without content", async () => {
    const head = await get(publisher, jwksPath, { method: "HEAD" });
    const whole = await get(publisher, jwksPath);
    assert.equal(head.status, 200);
    assert.equal(head.body.length, 0);
    assert.equal(head.headers["content-length"], String(whole.body.length));
    assert.equal(head.headers["etag"], whole.headers["etag"]);
  });

  test("a known ETag gets 304, also a weak one and that of the packed form", async () => {
    const { headers } = await get(publisher, jwksPath);
    const packed = await get(publisher, jwksPath, { headers: { "accept-encoding": "gzip" } });
    for (const tag of [
      String(headers["etag"]),
      `W/${String(headers["etag"])}`,
      `"x", ${String(packed.headers["etag"])}`,
    ]) {
      const answer = await get(publisher, jwksPath, { headers: { "if-none-match": tag } });
      assert.equal(answer.status, 304, tag);
      assert.equal(answer.body.length, 0);
    }
    const other = await get(publisher, jwksPath, { headers: { "if-none-match": '"other"' } });
    assert.equal(other.status, 200);
  });

  test("gzip is sent where it is asked for", async () => {
    const packed = await get(publisher, jwksPath, { headers: { "accept-encoding": "br, gzip;q=0.8" } });
    assert.equal(packed.headers["content-encoding"], "gzip");
    assert.deepEqual(gunzipSync(packed.body), publisher.cluster.documents().jwks);
    const bare = await get(publisher, jwksPath, { headers: { "accept-encoding": "gzip;q=0" } });
    assert.equal(bare.headers["content-encoding"], undefined);
  });

  test("unknown paths, methods and hosts get 404, 405 with Allow, and 421", async () => {
    assert.equal((await get(publisher, "/")).status, 404);
    const posted = await get(publisher, jwksPath, { method: "POST" });
    assert.equal(posted.status, 405);
    assert.equal(posted.headers["allow"], "GET, HEAD");
    assert.equal((await get(publisher, jwksPath, { host: "evil.test" })).status, 421);
  });

  test("the answer to a foreign Host does not depend on it, nor do documents", async () => {
    const { body } = await get(publisher, discoveryPath, { host: `${publisher.host}:8443` });
    assert.deepEqual(body, publisher.cluster.documents().discovery);
  });

  test("pipelined requests are answered in order on one connection", async () => {
    const socket = await raw(publisher);
    const ask = (path: string, more = ""): string =>
      `GET ${path} HTTP/1.1\r\nHost: ${publisher.host}\r\n${more}\r\n`;
    socket.write(ask(jwksPath) + ask("/nothing") + ask(discoveryPath) + ask("/end", "Connection: close\r\n"));
    const text = await readAll(socket);
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/gu)].map((found) => found[1]);
    assert.deepEqual(statuses, ["200", "404", "200", "404"]);
  });

  test("HTTP/1.0 is answered, and its connection closed", async () => {
    const socket = await raw(publisher);
    socket.write(`GET ${jwksPath} HTTP/1.0\r\nHost: ${publisher.host}\r\n\r\n`);
    assert.match(await readAll(socket), /^HTTP\/1\.1 200 OK\r\n[^]*Connection: close\r\n\r\n\{"keys"/u);
  });

  test("a connection goes on after a hundred requests", async () => {
    const socket = await raw(publisher);
    let text = "";
    socket.on("data", (part: Buffer) => (text += part.toString("latin1")));
    for (let count = 1; count <= 100; count += 1) {
      socket.write(`HEAD ${jwksPath} HTTP/1.1\r\nHost: ${publisher.host}\r\n\r\n`);
      while (text.split("\r\n\r\n").length <= count) await new Promise((resolve) => setImmediate(resolve));
    }
    socket.destroy();
    assert.equal(text.match(/HTTP\/1\.1 200 OK/gu)?.length, 100);
  });
});
