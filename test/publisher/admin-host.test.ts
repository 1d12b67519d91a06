import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { test } from "node:test";
import { startTestPublisher } from "../support/publisher.ts";

async function statusFor(port: number, path: string, host: string): Promise<number> {
  const asking = request({ host: "127.0.0.1", port, path, headers: { host }, agent: false });
  asking.end();
  const [response] = (await once(asking, "response")) as [IncomingMessage];
  response.resume();
  await once(response, "end");
  return response.statusCode ?? 0;
}

test("a web page that points its own name at the admin listener (DNS rebinding) reads nothing there", async () => {
  await using to = await startTestPublisher();
  const port = to.publisher.addresses.admin?.port ?? 0;
  for (const path of ["/status", "/metrics", "/readyz", "/healthz", "/"])
    assert.equal(await statusFor(port, path, `evil.example:${port}`), 421, path);
  assert.equal(await statusFor(port, "/status", "127.0.0.1.evil.example"), 421);
  assert.equal(await statusFor(port, "/status", "10.0.0.5"), 421, "an address that is not listened on");
});

test("the admin listener answers by its address and by loopback names", async () => {
  await using to = await startTestPublisher();
  const port = to.publisher.addresses.admin?.port ?? 0;
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, "localhost", "[::1]"])
    assert.equal(await statusFor(port, "/status", host), 200, host);
});

test("an admin listener on all addresses answers by any address, as probes and scrapers ask, and by no name", async () => {
  await using to = await startTestPublisher({
    options: { listen: { https: [{ host: "127.0.0.1", port: 0 }], admin: { host: "0.0.0.0", port: 0 } } },
  });
  const port = to.publisher.addresses.admin?.port ?? 0;
  assert.equal(await statusFor(port, "/healthz", `10.1.2.3:${port}`), 200);
  assert.equal(await statusFor(port, "/healthz", "[fd00::1]"), 200);
  assert.equal(await statusFor(port, "/healthz", "evil.example"), 421);
});
