import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { dnsCliWorld } from "../support/dns-cli-world.ts";
import { hetznerWorld, machineConfig } from "../support/hetzner-world.ts";

// No machine is started: what is set up on one is another test's.
const both = ["--only", "machine", "--only", "dns"];
const ids = ["dns/oidc.example.com/A", "dns/oidc.example.com/AAAA"];

describe("the addresses that the issuer's name leads to", () => {
  test("are those of the machine that the same up makes; they are known after it, and go before its addresses do", async (t) => {
    const dns = await dnsCliWorld(t);
    const world = await hetznerWorld(t);
    const env = { ...dns.env, ...world.env };
    await world.config(`${machineConfig()}\ndns: cloudflare\n`);
    const { result } = await world.json(["plan", "--only", "dns", "--only", "primary-ip"], { env });
    assert.deepEqual(
      result.changes.filter(({ id }) => ids.includes(id)).map(({ fields }) => fields[0]?.after),
      ["ipv4", "ipv6"].map((family) => ({ knownAfter: `hetzner/primary-ip/prod-${family}` })),
    );
    const up = await world.json(["up", "--yes", ...both], { env });
    assert.deepEqual([up.code, up.result.failed], [0, []], up.err);
    const { primaryIps } = world.hetzner.contents() as unknown as { primaryIps: { ip: string }[] };
    const [v4, v6] = primaryIps.map(({ ip }) => ip);
    const leads = dns
      .records()
      .map(({ type, content, ttl, proxied }) => `${type} ${content} ${ttl} ${proxied}`);
    assert.deepEqual(leads.toSorted(), [`A ${v4} 60 false`, `AAAA ${v6?.replace("/64", "1")} 60 false`]);
    // Of the machine alone its addresses are asked for.
    const again = await world.podtrust(["up", "--yes", "--only", "dns"], { env });
    assert.match(again.out, /Nothing to do, 2 unchanged\./u, again.err);
    const down = await world.json(["down", "--yes", "--confirm", "prod", ...both], { env });
    assert.equal(down.code, 0, down.err);
    const gone = down.result.done.map(({ id }) => id);
    for (const [record, family] of [
      ["A", "ipv4"],
      ["AAAA", "ipv6"],
    ] as const)
      assert.ok(
        gone.indexOf(`dns/oidc.example.com/${record}`) < gone.indexOf(`hetzner/primary-ip/prod-${family}`),
        gone.join(),
      );
    assert.deepEqual(dns.records(), []);
  });

  test("are not given back while records of the stack lead to them, whichever part is taken down alone", async (t) => {
    const dns = await dnsCliWorld(t);
    const world = await hetznerWorld(t);
    const env = { ...dns.env, ...world.env };
    await world.config(`${machineConfig()}\ndns: cloudflare\n`);
    const up = await world.json(["up", "--yes", ...both], { env });
    assert.equal(up.code, 0, up.err);
    const before = world.hetzner.contents();
    for (const only of [
      ["--only", "machine"],
      ["--only", "primary-ip"],
      ["--skip", "dns"],
      ["--only", "primary-ip", "--only", "A"],
    ]) {
      const down = await world.podtrust(["down", "--yes", "--confirm", "prod", ...only], { env });
      assert.equal(down.code, 1, only.join(" "));
      assert.match(down.err, /plan-name-left-behind/u, down.err);
      assert.match(
        down.err,
        /oidc\.example\.com would lead to addresses that Hetzner gives to another customer/u,
      );
      assert.deepEqual(world.hetzner.contents(), before, only.join(" "));
    }
    assert.equal(dns.records().length, 2);
    const down = await world.json(["down", "--yes", "--confirm", "prod", ...both], { env });
    assert.equal(down.code, 0, down.err);
  });

  test("of a machine whose name podtrust does not manage are given back with the sentence that the name is to go first", async (t) => {
    const world = await hetznerWorld(t);
    await world.podtrust(["up", "--yes"]);
    const down = await world.podtrust(["down", "--yes", "--confirm", "prod"]);
    assert.equal(down.code, 0, down.err);
    assert.match(
      `${down.out}${down.err}`.replaceAll(/\s+/gu, " "),
      /if oidc\.example\.com leads there, remove its A and AAAA records first/u,
    );
  });

  test("of a machine without IPv4 there is no A record, and one that was there goes", async (t) => {
    const dns = await dnsCliWorld(t);
    const world = await hetznerWorld(t);
    const env = { ...dns.env, ...world.env };
    await world.config(`${machineConfig("ipv4: false")}\ndns: cloudflare\n`);
    const up = await world.json(["up", "--yes", ...both], { env });
    assert.equal(up.code, 0, up.err);
    assert.deepEqual(
      dns.records().map(({ type }) => type),
      ["AAAA"],
    );
  });

  test("are that of the existing machine that the config names by its own", async (t) => {
    const world = await dnsCliWorld(t);
    const machine = (address: string): string =>
      `stack: prod\nissuer: https://oidc.example.com\ndns: cloudflare\nmachine: {ssh: {address: "${address}", user: root}}\n`;
    await world.config(machine("2001:db8::9"));
    const up = await world.podtrust(["up", "--yes", "--only", "dns"]);
    assert.equal(up.code, 0, up.out + up.err);
    assert.deepEqual(
      world.records().map(({ type, content }) => `${type} ${content}`),
      ["AAAA 2001:db8::9"],
    );
  });

  test("are missed aloud where nobody names any", async (t) => {
    const world = await dnsCliWorld(t);
    const config = (dns: string): string => `stack: prod\nissuer: https://oidc.example.com\ndns: ${dns}\n`;
    await world.config(config("cloudflare"));
    const { err, code } = await world.podtrust(["plan"]);
    assert.equal(code, 0);
    assert.match(
      err,
      /^warning: dns names no addresses and there is no machine: oidc\.example\.com gets neither/mu,
    );
    await world.config(config("{cloudflare: {}, addresses: []}"));
    assert.equal((await world.podtrust(["plan"])).err, "");
  });
});
