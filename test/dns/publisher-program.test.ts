import assert from "node:assert/strict";
import { test } from "node:test";
import { createContext } from "../../src/core/command-line/index.ts";
import { openTxtWithoutSdk } from "../../src/cli/serve/txt-records.ts";
import { startStandInHetzner } from "../../src/sandbox/index.ts";
import { podtrustHost } from "../support/cli.ts";
import { dnsCliWorld } from "../support/dns-cli-world.ts";
import { SwiftClock } from "../support/swift-clock.ts";
import { stackOwner } from "../support/stack-owner.ts";

test("the publisher's own program proves names at Cloudflare and Hetzner, and refuses by name what needs an SDK", async (t) => {
  const world = await dnsCliWorld(t);
  const host = { ...podtrustHost(), env: world.env, clock: new SwiftClock() };
  const context = createContext(host, { json: false, verbose: false });
  const waiting = (): void => {};
  const cloudflare = { provider: { kind: "cloudflare", cloudflare: {} }, caa: true } as const;
  const records = await openTxtWithoutSdk(context, { dns: cloudflare, ...stackOwner() }, waiting);
  await records.setTxt("_acme-challenge.oidc.example.com", "proof");
  assert.deepEqual(
    world.records().map(({ name, content }) => [name, content]),
    [["_acme-challenge.oidc.example.com", '"proof"']],
  );
  await records.clearTxt("_acme-challenge.oidc.example.com", "proof");
  assert.deepEqual(world.records(), []);
  records.close();
  const hetzner = await startStandInHetzner({
    clock: host.clock,
    mischief: "off",
    zones: [{ name: "example.org" }],
  });
  t.after(() => hetzner.close());
  const at = { ...host, env: { HCLOUD_ENDPOINT: hetzner.url, HCLOUD_TOKEN: hetzner.tokens.readWrite } };
  const there = createContext(at, { json: false, verbose: false });
  const second = await openTxtWithoutSdk(
    there,
    { dns: { provider: { kind: "hetzner", hetzner: {} }, caa: true }, ...stackOwner() },
    waiting,
  );
  await second.setTxt("_acme-challenge.oidc.example.org", "proof");
  assert.match(JSON.stringify(hetzner.recordSets("example.org")), /proof/u);
  await second.clearTxt("_acme-challenge.oidc.example.org", "proof");
  assert.doesNotMatch(JSON.stringify(hetzner.recordSets("example.org")), /proof/u);
  second.close();
  const route53 = { provider: { kind: "route53", route53: {} }, caa: true } as const;
  await assert.rejects(openTxtWithoutSdk(context, { dns: route53, ...stackOwner() }, waiting), {
    code: "usage",
    message: /at Cloudflare and Hetzner alone/u,
  });
});
