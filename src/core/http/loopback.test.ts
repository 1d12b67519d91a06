import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import { connectHost, isLoopback } from "./loopback.ts";
import { request } from "./request.ts";

const loopback = [
  "127.0.0.1",
  "127.0.0.0",
  "127.255.255.255",
  "::1",
  "[::1]",
  "0:0:0:0:0:0:0:1",
  "::ffff:127.0.0.1",
  "[::ffff:7f00:1]",
  "localhost",
  "LocalHost",
  "a.localhost",
  "a.b.LOCALHOST",
];

const elsewhere = [
  "",
  "0.0.0.0",
  "::",
  "[::]",
  "128.0.0.1",
  "126.255.255.255",
  "10.0.0.1",
  "::2",
  "::ffff:10.0.0.1",
  "fe80::1",
  "::1%eth0",
  "127.0.0.1.evil.example",
  "127.evil.example",
  "localhost.evil.example",
  "notlocalhost",
  "local",
  "127.1",
  "0x7f000001",
  "[127.0.0.1",
  "::1]",
];

describe("what is this machine alone", () => {
  for (const host of loopback)
    test(`${host} is`, () => {
      assert.ok(isLoopback(host));
    });

  for (const host of elsewhere)
    test(`${JSON.stringify(host)} is not`, () => {
      assert.ok(!isLoopback(host));
    });

  test("a request for a name under localhost goes to this machine, whatever a resolver says", async (t) => {
    assert.equal(connectHost("A.b.localhost"), "localhost");
    assert.equal(connectHost("localhost.evil.example"), "localhost.evil.example");
    const server = createServer((incoming, outgoing) => outgoing.end(incoming.headers.host));
    server.listen(0, "localhost");
    await once(server, "listening");
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const name = `no-such-name.localhost:${port}`;
    const answer = await request(`http://${name}/`, { allowPlainHttp: true });
    assert.equal(answer.body.toString(), name);
  });
});
