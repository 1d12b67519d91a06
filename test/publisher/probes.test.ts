import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestPublisher } from "../support/publisher.ts";

const loopback = { host: "127.0.0.1", port: 0 };

test("the probes' port of a publisher has livez and readyz and nothing else, and says no reasons", async () => {
  await using to = await startTestPublisher({
    options: { listen: { https: [loopback], admin: loopback, probes: loopback } },
  });
  to.cluster.fault = () => {
    throw new Error("down");
  };
  const ask = async (path: string): Promise<readonly [number, string]> => {
    const answer = await fetch(`http://127.0.0.1:${to.publisher.addresses.probes?.port}${path}`);
    return [answer.status, await answer.text()];
  };
  await to.publisher.ready();
  assert.deepEqual(await ask("/livez"), [200, "ok\n"]);
  assert.deepEqual(await ask("/readyz"), [200, "ok\n"]);
  for (const path of ["/", "/healthz", "/routez", "/status", "/metrics"])
    assert.equal((await ask(path))[0], 404, path);
});

test("a publisher that nobody told to has no port for probes", async () => {
  await using to = await startTestPublisher();
  assert.equal(to.publisher.addresses.probes, undefined);
});
