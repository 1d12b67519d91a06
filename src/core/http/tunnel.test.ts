import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";
import { describe, test, type TestContext } from "node:test";
import { testAuthority } from "../../../test/support/certificates.ts";
import { startIssuer } from "../../../test/support/issuer-server.ts";
import { request } from "./index.ts";

interface Proxy {
  readonly url: string;
  /** What was asked for, in order. */
  readonly asked: string[];
}

type Answer = (client: Duplex) => void;

async function proxyWith(t: TestContext, answer: Answer): Promise<Proxy> {
  const asked: string[] = [];
  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on("connect", (incoming, client: Duplex) => {
    asked.push(incoming.url ?? "");
    client.on("error", () => {});
    answer(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** Goes to a port of this machine, whatever was asked for. */
const leading =
  (port: number): Answer =>
  (client) => {
    const onward = connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      client.pipe(onward).pipe(client);
    });
    onward.on("error", () => client.destroy());
    client.on("close", () => onward.destroy());
    onward.on("close", () => client.destroy());
  };

describe("a request through a proxy", () => {
  test("is tunnelled to the server's own name and port, and the server is verified behind it", async (t) => {
    const authority = await testAuthority();
    const server = await startIssuer(authority);
    t.after(() => server.close());
    server.publish([]);
    const proxy = await proxyWith(t, leading(server.connectTo[0]?.toPort ?? 0));
    const url = `${server.issuer}/.well-known/openid-configuration`;
    const { status, tls } = await request(url, { proxy: proxy.url, ca: authority.root });
    assert.equal(status, 200);
    assert.deepEqual(proxy.asked, [`${server.host}:443`]);
    assert.match(tls?.protocol ?? "", /^TLSv1\.[23]$/u);
    await assert.rejects(request(url, { proxy: proxy.url }), { code: "http-tls" });
    const foreign = await testAuthority();
    await assert.rejects(request(url, { proxy: proxy.url, ca: foreign.root }), { code: "http-tls" });
    const other = url.replace(server.host, "other.example.com");
    await assert.rejects(request(other, { proxy: proxy.url, ca: authority.root }), { code: "http-tls" });
  });

  test("a refusal of the proxy is reported with the proxy's words, in one line", async (t) => {
    const proxy = await proxyWith(t, (client) => client.end("HTTP/1.1 403 not for \u0007you\r\n\r\n"));
    await assert.rejects(request("https://a.example/", { proxy: proxy.url }), {
      code: "http-proxy",
      message: /the proxy 127\.0\.0\.1:\d+ refuses a\.example:443: 403 not for \?you/u,
    });
  });

  test("ends in time where the proxy says nothing, and where there is none", async (t) => {
    const proxy = await proxyWith(t, () => {});
    await assert.rejects(request("https://a.example/", { proxy: proxy.url, timeoutMs: 50 }), {
      code: "http-timeout",
    });
    await assert.rejects(request("https://a.example/", { proxy: "http://127.0.0.1:1" }), {
      code: "http-proxy",
      message: /the proxy 127\.0\.0\.1:1 does not answer/u,
    });
  });
});
