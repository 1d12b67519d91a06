import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { dnsCliWorld } from "../support/dns-cli-world.ts";
import { hetznerWorld, machineConfig, nothing } from "../support/hetzner-world.ts";

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

  test("are not given back while a record that lost the stack's mark leads to them, unless it is named", async (t) => {
    const dns = await dnsCliWorld(t);
    const world = await hetznerWorld(t);
    const env = { ...dns.env, ...world.env };
    await world.config(`${machineConfig()}\ndns: cloudflare\n`);
    assert.equal((await world.podtrust(["up", "--yes", ...both], { env })).code, 0);
    const record = dns.records().find(({ type }) => type === "A");
    const path = `/zones/${await dns.zoneId()}/dns_records`;
    await dns.byHand("PATCH", `${path}/${record?.id}`, { comment: "web, Ada" });
    await dns.byHand("POST", path, { type: "A", name: "oidc", content: "203.0.113.9" });
    const before = world.hetzner.contents();
    const down = ["down", "--yes", "--confirm", "prod", ...both];
    const refused = await world.podtrust(down, { env });
    assert.equal(refused.code, 1, refused.out);
    assert.match(refused.err, /dns\/oidc\.example\.com\/A would stay: .*would lead to addresses/u);
    assert.match(
      refused.err,
      /it carries no mark of the stack\. If it may stay: --leave dns\/oidc\.example\.com\/A/u,
    );
    assert.deepEqual([world.hetzner.contents(), dns.records().length], [before, 3]);
    const named = await world.podtrust([...down, "--leave", "dns/oidc.example.com/A"], { env });
    assert.equal(named.code, 0, named.err);
    assert.deepEqual(
      dns
        .records()
        .map(({ content }) => content)
        .toSorted(),
      [record?.content ?? "", "203.0.113.9"].toSorted(),
    );
  });

  test("stay with the machine of another project: up moves none, down leaves them until the stack is named, and a new machine has them once it is up", async (t) => {
    const dns = await dnsCliWorld(t);
    const world = await hetznerWorld(t);
    const other = await hetznerWorld(t);
    const env = { ...dns.env, ...world.env };
    const wrong = {
      ...env,
      HCLOUD_ENDPOINT: other.hetzner.url,
      HCLOUD_TOKEN: other.hetzner.tokens.readWrite,
    };
    await world.config(`${machineConfig()}\ndns: cloudflare\n`);
    assert.equal((await world.podtrust(["up", "--yes", ...both], { env })).code, 0);
    const before = dns.records();
    const [address] = before.filter(({ type }) => type === "A");
    const commands = [
      ["up", "--yes", ...both],
      ["down", "--yes", ...both],
    ];
    for (const args of commands) {
      const { code, err } = await world.podtrust(args, { env: wrong, clock: other.clock });
      assert.equal(code, 1, args.join(" "));
      assert.match(err, /code: {2}machine-elsewhere/u);
      const leads = `oidc.example.com leads to ${address?.content} and `;
      assert.ok(err.includes(leads) && err.includes("which this token's project does not have"), err);
      assert.deepEqual([dns.records(), other.contents()], [before, nothing]);
    }
    const up = await world.json(["up", "--yes", "--allow-replace", ...both], {
      env: wrong,
      clock: other.clock,
    });
    assert.equal(up.code, 0, up.err);
    const done = up.result.done.map(({ id }) => id);
    for (const id of ids) assert.ok(done.indexOf(id) > done.indexOf("hetzner/server/prod"), done.join());
    const third = await hetznerWorld(t);
    const empty = {
      ...env,
      HCLOUD_ENDPOINT: third.hetzner.url,
      HCLOUD_TOKEN: third.hetzner.tokens.readWrite,
    };
    const down = await world.podtrust(["down", "--confirm", "prod", ...both], {
      env: empty,
      clock: third.clock,
    });
    assert.equal(down.code, 0, down.err);
    assert.deepEqual(dns.records(), []);
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
      `stack: prod\nidentity: 3f2a91bc\nissuer: https://oidc.example.com\ndns: cloudflare\nmachine: {ssh: {address: "${address}", user: root}}\n`;
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
    const config = (dns: string): string =>
      `stack: prod\nidentity: 3f2a91bc\nissuer: https://oidc.example.com\ndns: ${dns}\n`;
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
