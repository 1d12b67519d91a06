import assert from "node:assert/strict";
import { test } from "node:test";
import { startStandInClouds } from "../../src/sandbox/index.ts";

test("a zone of the stand-in clouds is at Cloudflare's and at Hetzner's, each with records of its own", async (t) => {
  const clouds = await startStandInClouds({ zones: ["example.org"], mischief: 0 });
  t.after(() => clouds.close());
  const { HCLOUD_ENDPOINT: url, HCLOUD_TOKEN: token } = clouds.environment;
  const made = await fetch(`${url}/zones/example.org/rrsets`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ name: "oidc", type: "A", records: [{ value: "192.0.2.7" }] }),
  });
  assert.equal(made.status, 201);
  const rows = clouds.tables().map(({ title, rows: all }) => [title, all]);
  assert.deepEqual(rows.slice(1), [
    ["DNS records of example.org at the stand-in for Cloudflare", []],
    ["DNS records of example.org at the stand-in for Hetzner Cloud", [["oidc", "A", "192.0.2.7"]]],
  ]);
});
