import assert from "node:assert/strict";
import {
  cloudVariants,
  startStandInCloudflare,
  startStandInClouds,
  startStandInHetzner,
} from "@podtrust/sandbox";

const get = async (url: string, token: string): Promise<unknown> =>
  (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).json();

// Both, in accord with one another; clouds.environment points their clients at them.
await using clouds = await startStandInClouds({ mischief: 0, zones: ["example.com"] });
const { url, tokens } = clouds.hetzner;
const { servers } = (await get(`${url}/servers`, tokens.readWrite)) as { servers: unknown[] };
assert.equal(servers.length, 0);
// Where documentation and clients disagree, one may choose.
assert.ok(Object.hasOwn(cloudVariants, "cloudflare.emptyComment"));

// Or one alone.
const hetzner = await startStandInHetzner({ mischief: "off" });
const cloudflare = await startStandInCloudflare({ zones: [{ name: "example.org" }] });
const zones = await get(`${cloudflare.url}/zones?name=example.org`, cloudflare.tokens.edit);
assert.equal((zones as { result: { name: string }[] }).result[0]?.name, "example.org");
await Promise.all([hetzner.close(), cloudflare.close()]);
