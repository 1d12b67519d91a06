import assert from "node:assert/strict";
import { startAuthorityProcess, startStandInClusterProcess } from "@podtrust/sandbox";

// Their work does not slow the tests. Each process ends with the block, and with this program however that ends.
await using cluster = await startStandInClusterProcess({ issuer: "https://oidc.example.test" });
await using authority = await startAuthorityProcess({
  // It is called here: DNS-01 asks this test for its TXT records.
  resolveTxt: async (name) => (name === "_acme-challenge.shop.example.test" ? ["digest"] : []),
});

// The calls are those of the same process, each by a promise.
const next = await cluster.keys.create();
await cluster.keys.promote(next.kid);
const token = await cluster.createToken({ namespace: "shop", name: "cart" });
const header = JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()) as { kid: string };
assert.equal(header.kid, next.kid);
await using issuer = await cluster.serveIssuer();
await issuer.fail("wrong-issuer");

await authority.misbehave({ what: "rate-limit", at: ["newOrder"] });
await authority.clock.advance(3_600_000);
assert.deepEqual(await authority.issued(), []);
