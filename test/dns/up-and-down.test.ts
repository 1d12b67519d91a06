import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type DnsCliWorld, dnsCliWorld } from "../support/dns-cli-world.ts";

const issuer = "https://oidc.example.com";
const addresses = `["203.0.113.7", "2001:DB8:0::7"]`;
const text = (more = `dns: {cloudflare: {}, addresses: ${addresses}}`): string =>
  `stack: prod\nidentity: 3f2a91bc\nissuer: ${issuer}\n${more}\n`;

const kinds = (changes: readonly { readonly id: string; readonly kind: string }[]): readonly string[] =>
  changes.map(({ id, kind }) => `${kind} ${id}`);

/** What the zone holds, without what differs from run to run. */
const held = (world: DnsCliWorld): readonly string[] =>
  world
    .records()
    .map(
      ({ name, type, content, ttl, proxied }) =>
        `${name} ${ttl} ${type} ${content}${proxied ? " proxied" : ""}`,
    )
    .sort();

const whole = ["oidc.example.com 60 A 203.0.113.7", "oidc.example.com 60 AAAA 2001:db8::7"];

describe("the issuer's name at Cloudflare", () => {
  test("plan shows the records, up makes them unproxied with a TTL of a minute, and a second up does nothing", async (t) => {
    const world = await dnsCliWorld(t);
    await world.config(text());
    const planned = await world.podtrust(["plan", "--only", "dns"]);
    assert.equal(planned.code, 0, planned.err);
    assert.match(planned.out, /^zone example\.com at Cloudflare, as its API token$/mu);
    assert.match(planned.out, /^\+ dns\/oidc\.example\.com\/AAAA {2}create\n {6}addresses {2}2001:db8::7$/mu);
    assert.deepEqual(held(world), []);
    const made = await world.podtrust(["up", "--yes", "--only", "dns"]);
    assert.equal(made.code, 0, made.out + made.err);
    assert.deepEqual(held(world), whole);
    const again = await world.podtrust(["up", "--yes"]);
    assert.match(again.out, /Nothing to do, 2 unchanged\./u);
    assert.equal((await world.podtrust(["plan", "--check"])).code, 0);
  });

  test("down takes the records and leaves a stranger's and another stack's", async (t) => {
    const world = await dnsCliWorld(t);
    const zone = await world.zoneId();
    const path = `/zones/${zone}/dns_records`;
    await world.byHand("POST", path, { name: "www", type: "A", content: "198.51.100.1" });
    await world.byHand("POST", path, {
      name: "oidc2",
      type: "A",
      content: "198.51.100.2",
      comment: "podtrust stack=dev format=1 id=3f2a91bc",
    });
    const before = held(world);
    await world.config(text());
    await world.podtrust(["up", "--yes"]);
    assert.equal(held(world).length, 4);
    const down = await world.podtrust(["down", "--yes"]);
    assert.equal(down.code, 0, down.out + down.err);
    assert.deepEqual(held(world), before);
    assert.match((await world.podtrust(["down", "--yes"])).out, /Nothing to do\./u);
  });

  test("what somebody changed by hand is shown and repaired: address, TTL, proxy, a record too many, one that is gone", async (t) => {
    const world = await dnsCliWorld(t);
    await world.config(text());
    await world.podtrust(["up", "--yes"]);
    const path = `/zones/${await world.zoneId()}/dns_records`;
    const [a, aaaa] = ["A", "AAAA"].map((type) => world.records().find((record) => record.type === type)?.id);
    await world.byHand("PATCH", `${path}/${a}`, { content: "203.0.113.99", ttl: 1, proxied: true });
    await world.byHand("DELETE", `${path}/${aaaa}`);
    const { result, code } = await world.json(["plan", "--check"]);
    assert.equal(code, 3);
    assert.deepEqual(kinds(result.changes), [
      "update dns/oidc.example.com/A",
      "create dns/oidc.example.com/AAAA",
    ]);
    assert.deepEqual(result.changes[0]?.fields, [
      { field: "addresses", before: ["203.0.113.99"], after: ["203.0.113.7"] },
      { field: "ttl", before: 1, after: 60 },
      { field: "proxied", before: true, after: false },
    ]);
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    assert.deepEqual(held(world), whole);
    await world.byHand("POST", path, {
      name: "oidc",
      type: "A",
      content: "203.0.113.50",
      ttl: 60,
      comment: "podtrust stack=prod format=1 id=3f2a91bc",
    });
    await world.podtrust(["up", "--yes"]);
    assert.deepEqual(held(world), whole);
  });

  test("an address that left the config leaves the name, and so does a name that is the issuer's no longer", async (t) => {
    const world = await dnsCliWorld(t);
    await world.config(text());
    await world.podtrust(["up", "--yes"]);
    await world.config(text(`dns: {cloudflare: {}, addresses: ["203.0.113.8"]}`));
    const { result } = await world.json(["up", "--yes"]);
    assert.deepEqual(kinds(result.done).toSorted(), [
      "delete dns/oidc.example.com/AAAA",
      "update dns/oidc.example.com/A",
    ]);
    await world.config(text(`dns: {cloudflare: {}, addresses: ["203.0.113.8"]}`).replace("oidc.", "id."));
    await world.podtrust(["up", "--yes", "--allow-replace"]);
    assert.deepEqual(held(world), ["id.example.com 60 A 203.0.113.8"]);
  });

  test("a name that somebody else has is refused in the plan, and nothing at all is changed", async (t) => {
    const world = await dnsCliWorld(t);
    await world.config(text());
    const path = `/zones/${await world.zoneId()}/dns_records`;
    await world.byHand("POST", path, {
      name: "oidc",
      type: "A",
      content: "198.51.100.1",
      comment: "mail, Ada",
    });
    const { code, out, err } = await world.podtrust(["up", "--yes"]);
    assert.equal(code, 1);
    assert.match(out, /^! dns\/oidc\.example\.com\/A {2}blocked/mu);
    assert.match(err, /belongs to an unknown owner with the comment "mail, Ada"/u);
    assert.match(err, /code: {2}plan-name-taken/u);
    assert.deepEqual(held(world), ["oidc.example.com 1 A 198.51.100.1"]);
    const taken = await world.podtrust(["import", "oidc.example.com/A", "dns/oidc.example.com/A", "--yes"]);
    assert.equal(taken.code, 2, "a name that nothing has is a mistake of the command line");
    const imported = await world.podtrust(["import", "A", "--yes"]);
    assert.equal(imported.code, 0, imported.out + imported.err);
    assert.deepEqual(held(world), ["oidc.example.com 60 A 203.0.113.7"]);
  });

  test("up that is ended at any write is finished by running it again, and so is down", async (t) => {
    for (let end = 1; end <= 3; end += 1) {
      const world = await dnsCliWorld(t);
      await world.config(text());
      for (const [command, result] of [
        ["up", whole],
        ["down", []],
      ] as const) {
        const ending = new AbortController();
        let seen = 0;
        world.onWrite = () => {
          seen += 1;
          if (seen === end) ending.abort();
        };
        const first = await world.podtrust([command, "--yes"], { signal: ending.signal });
        assert.equal(first.code === 0, seen < end, first.out + first.err);
        const second = await world.podtrust([command, "--yes"]);
        assert.equal(second.code, 0, second.out + second.err);
        assert.deepEqual(held(world), result);
      }
    }
  });

  test("with requests that go wrong by the dozen, up and down end as they do without", async (t) => {
    for (const seed of [1, 2, 3]) {
      const world = await dnsCliWorld(t, { mischief: { rate: 0.4, seed } });
      await world.config(text());
      const up = await world.podtrust(["up", "--yes"]);
      assert.equal(up.code, 0, up.out + up.err);
      assert.deepEqual(held(world), whole);
      const down = await world.podtrust(["down", "--yes"]);
      assert.equal(down.code, 0, down.out + down.err);
      assert.deepEqual(held(world), []);
    }
  });

  test("two runs of up at once end in the same place", async (t) => {
    const world = await dnsCliWorld(t);
    await world.config(text());
    const both = await Promise.all([1, 2].map(() => world.podtrust(["up", "--yes"])));
    for (const { code, out, err } of both) assert.equal(code, 0, out + err);
    assert.deepEqual(held(world), whole);
  });

  test("a token that is missing, wrong, of the wrong form or only for reading is said, and never shown", async (t) => {
    const world = await dnsCliWorld(t);
    await world.config(text());
    const tokens = {
      "cloudflare-token-missing": "",
      "cloudflare-token-refused": "f".repeat(40),
      "cloudflare-denied": world.api.tokens.read,
    };
    for (const [code, token] of Object.entries(tokens)) {
      const env = { ...world.env, CLOUDFLARE_API_TOKEN: token };
      const up = await world.podtrust(["up", "--yes"], { env });
      assert.equal(up.code, 1);
      assert.match(up.err, new RegExp(`code: {2}${code}`, "u"));
      if (token !== "") assert.ok(!(up.out + up.err).includes(token));
    }
    const env = { ...world.env, CLOUDFLARE_API_TOKEN: "secret with spaces" };
    const spaced = await world.podtrust(["plan"], { env });
    assert.match(spaced.err, /what CLOUDFLARE_API_TOKEN holds is no token/u);
    assert.ok(!spaced.err.includes("secret"));
    const reader = { env: { ...world.env, CLOUDFLARE_API_TOKEN: world.api.tokens.read } };
    const plan = await world.podtrust(["plan"], reader);
    assert.equal(plan.code, 0, "a token that reads is enough for a plan");
    assert.match(
      plan.err,
      /^warning: Cloudflare says that its API token may read the records of example\.com and not write/mu,
    );
  });

  test("the token comes from the file that the config names, and an API over plain HTTP is asked on this machine alone", async (t) => {
    const world = await dnsCliWorld(t);
    await writeFile(join(world.folder, "token"), `${world.api.tokens.edit}\n`);
    await world.config(text(`dns: {cloudflare: {tokenFile: token}, addresses: ${addresses}}`));
    const env = { CLOUDFLARE_BASE_URL: world.api.url };
    assert.equal((await world.podtrust(["up", "--yes"], { env })).code, 0);
    const plain = { CLOUDFLARE_BASE_URL: "http://api.example.net/client/v4" };
    assert.match(
      (await world.podtrust(["plan"], { env: plain })).err,
      /CLOUDFLARE_BASE_URL is no https URL/u,
    );
  });
});
