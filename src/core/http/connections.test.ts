import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, test } from "node:test";
import { type TestAuthority, testAuthority } from "../../../test/support/certificates.ts";
import { ConnectionPool, type HttpOptions, parseConnectTo, request } from "./index.ts";

describe("connections that are kept", () => {
  let authority: TestAuthority;
  let port = 0;
  let opened = 0;
  let connections: ConnectionPool;
  const closing = new AsyncDisposableStack();

  before(async () => {
    authority = await testAuthority();
    const { certificate, key } = await authority.issue(["oidc.example.com"]);
    const server = createServer({ cert: certificate, key }, (incoming, outgoing) => {
      if (incoming.url === "/slow") return;
      if (incoming.url === "/last") outgoing.setHeader("connection", "close");
      outgoing.end("x".repeat(5000));
    });
    server.on("secureConnection", () => (opened += 1));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address() as AddressInfo);
    closing.defer(() => {
      server.close();
      server.closeAllConnections();
    });
  });
  beforeEach(() => {
    opened = 0;
    connections = new ConnectionPool();
    closing.defer(() => connections.close());
  });
  after(() => closing.disposeAsync());

  const get = (path = "/", more: HttpOptions = {}, host = "oidc.example.com") =>
    request(`https://${host}${path}`, {
      ca: authority.root,
      connectTo: [parseConnectTo(`:443:127.0.0.1:${port}`)],
      connections,
      ...more,
    });

  test("serve one exchange after the other, and as many at once as are wanted", async () => {
    for (let times = 0; times < 5; times += 1) assert.equal((await get()).body.length, 5000);
    assert.equal(opened, 1);
    await Promise.all([get(), get(), get()]);
    assert.equal(opened, 3);
    assert.equal((await get()).tls, undefined);
  });

  test("are not reused after an answer that was given up, or was the server's last", async () => {
    await get();
    await assert.rejects(get("/slow", { timeoutMs: 100 }), { code: "http-timeout" });
    await get();
    assert.equal(opened, 2);
    await get("/last");
    await get();
    assert.equal(opened, 3);
  });

  test("of one name, authority or client serve no other: each is verified by itself", async () => {
    await get();
    await assert.rejects(get("/", {}, "other.example.com"), { code: "http-tls" });
    const otherCa = await testAuthority();
    await assert.rejects(get("/", { ca: otherCa.root }), { code: "http-tls" });
    const { certificate, key } = await authority.issue(["client.example.com"]);
    opened = 0;
    await get("/", { cert: certificate, key });
    assert.equal(opened, 1);
    await get();
    assert.equal(opened, 1);
  });
});
