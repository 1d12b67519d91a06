import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { defined, mapped } from "../../src/core/base/index.ts";
import type { DnsProvider } from "../../src/rules/dns/index.ts";
import { hetznerDns } from "../../src/providers/hetzner/dns/provider.ts";
import { HetznerApi } from "../../src/providers/hetzner/index.ts";
import {
  type StandInHetzner,
  type StandInHetznerOptions,
  startStandInHetzner,
} from "../../src/sandbox/index.ts";
import { podtrustHere } from "../support/cli.ts";
import { type DnsWorld, dnsProviderContract, work } from "../support/dns-provider-contract.ts";
import { SwiftClock } from "../support/swift-clock.ts";
import { stackOwner } from "../support/stack-owner.ts";

const { signal } = work;
const set = { name: "oidc.example.com", type: "A", ttl: 60, values: ["192.0.2.7"] } as const;

function providerOf(api: StandInHetzner, clock: SwiftClock, stack = "prod"): DnsProvider {
  const access = { endpoint: api.url, token: api.tokens.readWrite, clock };
  return hetznerDns(new HetznerApi(access), stackOwner(stack), "a test");
}

async function byHand(api: StandInHetzner, method: string, path: string, body?: object): Promise<number> {
  const response = await fetch(`${api.url}/${path}`, {
    method,
    headers: { authorization: `Bearer ${api.tokens.readWrite}` },
    ...defined({ body: mapped(body, JSON.stringify) }),
  });
  await response.arrayBuffer();
  return response.status;
}

async function worldOf(options: StandInHetznerOptions): Promise<DnsWorld> {
  const clock = new SwiftClock();
  const api = await startStandInHetzner({ clock, zones: [{ name: "example.com" }], ...options });
  return {
    zone: "example.com",
    as: (stack) => providerOf(api, clock, stack),
    async foreign({ name, type, ttl, values }) {
      const records = values.map((value) => ({ value: type === "TXT" ? `"${value}"` : value }));
      const relative = name.replace(".example.com", "");
      const path = "zones/example.com/rrsets";
      // The stand-in's mischief meets strangers as well: until it stands.
      while (api.recordSets("example.com").every((one) => (one as { name: string }).name !== relative))
        await byHand(api, "POST", path, { name: relative, type, ttl, records }).catch(() => {});
    },
    close: () => api.close(),
  };
}

dnsProviderContract("Hetzner DNS, every request well answered", () => worldOf({ mischief: "off" }));
dnsProviderContract("Hetzner DNS, a fifth of requests gone wrong", () =>
  worldOf({ mischief: { rate: 0.2, seed: 5 } }),
);

async function world(t: TestContext, options: StandInHetznerOptions = {}) {
  const clock = new SwiftClock();
  const zones = [{ name: "example.com" }];
  const api = await startStandInHetzner({ clock, zones, mischief: "off", ...options });
  t.after(() => api.close());
  return { api, clock, dns: providerOf(api, clock) };
}

describe("DNS at Hetzner", () => {
  test("a set carries its owner's labels from the request on that makes it", async (t) => {
    const { api, dns } = await world(t);
    const zone = await dns.zoneOf(set.name, signal);
    await dns.write(zone, set, work);
    assert.deepEqual(
      api.recordSets("example.com").map((one) => {
        const { name, ttl, labels } = one as { name: string; ttl: number; labels: object };
        return { name, ttl, labels };
      }),
      [
        {
          name: "oidc",
          ttl: 60,
          labels: { "podtrust-stack": "prod", "podtrust-identity": "3f2a91bc", "podtrust-format": "1" },
        },
      ],
    );
  });

  test("an answer that got lost is no reason to write twice, and what was removed already is removed", async (t) => {
    const { api, dns } = await world(t);
    const zone = await dns.zoneOf(set.name, signal);
    api.misbehave({ what: "lost-answer", method: "POST" });
    await dns.write(zone, set, work);
    assert.equal(api.recordSets("example.com").length, 1);
    const text = { name: "_acme-challenge.oidc.example.com", value: "proof" };
    api.misbehave({ what: "lost-answer", method: "POST", times: 2 });
    await dns.addText(zone, text, work);
    await dns.addText(zone, { ...text, value: "other" }, work);
    assert.deepEqual((await dns.find(zone, { ...text, type: "TXT" }, signal))?.values, ["proof", "other"]);
    for (const value of ["proof", "other"]) {
      api.misbehave({ what: "lost-answer", method: "POST" });
      await dns.removeText(zone, { ...text, value }, work);
    }
    api.misbehave({ what: "lost-answer", method: "DELETE" });
    await dns.delete(zone, set, work);
    assert.deepEqual(api.recordSets("example.com"), []);
  });

  test("an alias in the place of an address is somebody's, also where things are taken over", async (t) => {
    const { api, dns } = await world(t);
    const records = [{ value: "elsewhere.example.net." }];
    await byHand(api, "POST", "zones/example.com/rrsets", { name: "oidc", type: "CNAME", records });
    const zone = await dns.zoneOf(set.name, signal);
    assert.equal((await dns.find(zone, set, signal))?.owner.kind, "untagged");
    await assert.rejects(dns.write(zone, set, work, true), { code: "dns-name-taken", message: /CNAME/u });
  });

  test("a set without a TTL of its own has the zone's", async (t) => {
    const { api, dns } = await world(t);
    await byHand(api, "POST", "zones/example.com/rrsets", {
      name: "www",
      type: "A",
      records: [{ value: "192.0.2.1" }],
    });
    const zone = await dns.zoneOf(set.name, signal);
    assert.equal((await dns.find(zone, { name: "www.example.com", type: "A" }, signal))?.ttl, 3600);
  });

  for (const [what, zone, message] of [
    ["the registrar leads elsewhere", { delegation: "invalid" }, /does not lead to Hetzner's name servers/u],
    ["its servers do not know it", { delegation: "lame" }, /name servers that do not know it/u],
    ["it is a copy", { mode: "secondary" }, /it is in mode secondary/u],
  ] as const) {
    test(`a zone that Hetzner does not serve is refused: ${what}`, async (t) => {
      const { dns } = await world(t, { zones: [{ name: "example.com", ...zone }] });
      await assert.rejects(dns.zoneOf(set.name, signal), { code: "dns-zone-inactive", message });
    });
  }

  test("a value that is none is refused with Hetzner's words", async (t) => {
    const { dns } = await world(t);
    const zone = await dns.zoneOf(set.name, signal);
    await assert.rejects(dns.write(zone, { ...set, values: ["300.0.0.1"] }, work), {
      code: "hetzner-refused",
      message: /^writing the A records of oidc\.example\.com: Hetzner says: .*value is invalid for type A/u,
    });
  });

  test("a change is waited for until the zone is on its name servers", async (t) => {
    const { dns, api } = await world(t, { delays: { action: 0 } });
    const zone = await dns.zoneOf(set.name, signal);
    await dns.write(zone, set, work);
    await dns.untilVisible?.(set, work);
    await dns.untilVisible?.({ ...set, type: "AAAA" }, work);
    assert.equal(api.recordSets("example.com").length, 1);
  });

  test("up and down keep the issuer's records, and the name below a zone that their labels remember", async (t) => {
    const { api, clock } = await world(t);
    const cwd = await mkdtemp(join(tmpdir(), "podtrust-hetzner-dns-"));
    t.after(() => rm(cwd, { recursive: true }));
    await writeFile(join(cwd, "token"), api.tokens.readWrite);
    const dns = '{hetzner: {tokenFile: token}, addresses: ["203.0.113.7", "2001:db8::7"]}';
    await writeFile(
      join(cwd, "podtrust.yaml"),
      `stack: prod\nidentity: 3f2a91bc\nissuer: {zone: example.com}\ndns: ${dns}\n`,
    );
    const env = { HCLOUD_ENDPOINT: api.url };
    const podtrust = (...args: string[]) => podtrustHere(args, { cwd, clock, env });
    const up = await podtrust("up", "--yes");
    assert.equal(up.code, 0, up.out + up.err);
    assert.match(up.out, /^zone example\.com at Hetzner, as the token of \S+token$/mu);
    assert.deepEqual(
      api
        .recordSets("example.com")
        .map((one) => (one as { type: string }).type)
        .toSorted(),
      ["A", "AAAA"],
    );
    assert.match((await podtrust("up", "--yes")).out, /Nothing to do, 2 unchanged\./u);
    const down = await podtrust("down", "--yes");
    assert.equal(down.code, 0, down.out + down.err);
    assert.deepEqual(api.recordSets("example.com"), []);
  });
});
