import assert from "node:assert/strict";
import { test } from "node:test";
import { createContext } from "../../src/cli/context.ts";
import { openTxtAtCloudflare } from "../../src/cli/serve/txt-records.ts";
import { podtrustHost } from "../support/cli.ts";
import { dnsCliWorld } from "../support/dns-cli-world.ts";
import { SwiftClock } from "../support/swift-clock.ts";

test("the publisher's own program proves names at Cloudflare, and refuses by name what needs an SDK", async (t) => {
  const world = await dnsCliWorld(t);
  const host = { ...podtrustHost(), env: world.env, clock: new SwiftClock() };
  const context = createContext(host, { json: false, verbose: false });
  const waiting = (): void => {};
  const cloudflare = { provider: { kind: "cloudflare", cloudflare: {} }, caa: true } as const;
  const records = await openTxtAtCloudflare(context, { dns: cloudflare, stack: "prod" }, waiting);
  await records.setTxt("_acme-challenge.oidc.example.com", "proof");
  assert.deepEqual(
    world.records().map(({ name, content }) => [name, content]),
    [["_acme-challenge.oidc.example.com", '"proof"']],
  );
  await records.clearTxt("_acme-challenge.oidc.example.com", "proof");
  assert.deepEqual(world.records(), []);
  records.close();
  const route53 = { provider: { kind: "route53", route53: {} }, caa: true } as const;
  await assert.rejects(openTxtAtCloudflare(context, { dns: route53, stack: "prod" }, waiting), {
    code: "usage",
    message: /at Cloudflare alone/u,
  });
});
