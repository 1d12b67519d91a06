import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hetznerWorld, machineConfig, nothing } from "../support/hetzner-world.ts";

describe("a plan of a machine", () => {
  test("that was saved is applied as it was shown, and refused once the project has moved", async (t) => {
    const world = await hetznerWorld(t);
    assert.equal((await world.podtrust(["plan", "-o", "plan.json"])).code, 0);
    const up = await world.podtrust(["up", "plan.json", "--only", "machine"]);
    assert.equal(up.code, 2, "a saved plan has its own selection");
    const done = await world.saved(["up", "plan.json"]);
    assert.equal(done.code, 0, done.out + done.err);
    assert.equal(world.contents().servers.length, 1);
    assert.equal((await world.saved(["up", "plan.json"])).code, 1);
    assert.equal((await world.podtrust(["plan", "--down", "-o", "down.json"])).code, 0);
    const down = await world.saved(["down", "down.json"]);
    assert.equal(down.code, 0, down.out + down.err);
    assert.deepEqual(world.contents(), nothing);
  });

  test("takes one of its things by name, and says what it needs of others", async (t) => {
    const world = await hetznerWorld(t);
    const server = await world.podtrust(["up", "--yes", "--only", "server"]);
    assert.deepEqual([server.code, /^code: {2}plan-needs-more$/mu.test(server.err)], [1, true], server.err);
    assert.equal((await world.podtrust(["up", "--yes", "--only", "primary-ip/prod-ipv6"])).code, 0);
    assert.deepEqual(
      world.contents().primaryIps.map(({ name }) => name),
      ["prod-ipv6"],
    );
    assert.equal((await world.podtrust(["up", "--yes", "--only", "hetzner"])).code, 0);
    assert.equal(world.contents().servers.length, 1);
  });

  test("of a machine with IPv6 alone buys no IPv4 address", async (t) => {
    const world = await hetznerWorld(t);
    await world.config(machineConfig("ipv4: false"));
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    const { servers, primaryIps } = world.contents();
    assert.deepEqual([servers[0]?.public_net.ipv4, primaryIps.length], [null, 1]);
    assert.deepEqual(await world.planned(), []);
  });

  test("finds all that is the stack's, however many pages it takes, and deletes what the config does not name", async (t) => {
    const world = await hetznerWorld(t);
    await world.podtrust(["up", "--yes"]);
    const labels = { "podtrust-stack": "prod", "podtrust-identity": "3f2a91bc", "podtrust-format": "1" };
    for (let index = 0; index < 55; index += 1) {
      await world.ask("POST", "firewalls", { name: `old-${index}`, labels });
    }
    const planned = await world.planned();
    assert.equal(planned.filter((one) => one.startsWith("delete firewall/old-")).length, 55);
    const up = await world.podtrust(["up", "--yes"]);
    assert.equal(up.code, 0, up.err);
    assert.deepEqual(
      world.contents().firewalls.map(({ name }) => name),
      ["prod"],
    );
  });

  test("does not delete a second machine of the stack unless its name is typed", async (t) => {
    const world = await hetznerWorld(t);
    await world.podtrust(["up", "--yes"]);
    const labels = { "podtrust-stack": "prod", "podtrust-identity": "3f2a91bc", "podtrust-format": "1" };
    await world.ask("POST", "servers", {
      name: "prod-old",
      server_type: "cx23",
      image: "debian-13",
      location: "hel1",
      labels,
    });
    assert.deepEqual(await world.planned(), ["delete server/prod-old"]);
    assert.equal((await world.podtrust(["up", "--yes"])).code, 2);
    assert.equal((await world.podtrust(["up", "--confirm", "prod"])).code, 0);
    assert.deepEqual(
      world.contents().servers.map(({ name }) => name),
      ["prod"],
    );
  });

  test("keeps an address of the stack that is one too many where the machine cannot be made, and says for how long", async (t) => {
    const world = await hetznerWorld(t);
    const soldOut = (): void =>
      world.hetzner.misbehave({ what: "sold-out", method: "POST", path: "servers" });
    soldOut();
    await world.podtrust(["up", "--yes"]);
    const labels = { "podtrust-stack": "prod", "podtrust-identity": "3f2a91bc", "podtrust-format": "1" };
    await world.ask("POST", "primary_ips", { name: "prod-extra", type: "ipv4", location: "nbg1", labels });
    const names = (): readonly string[] =>
      world
        .contents()
        .primaryIps.map(({ name }) => name)
        .toSorted();
    soldOut();
    const up = await world.podtrust(["up", "--yes"]);
    assert.equal(up.code, 1, up.out + up.err);
    assert.match(
      up.err,
      /^skipped: hetzner\/primary-ip\/prod-extra, waits for the next run, since hetzner\/server\/prod was not done$/mu,
    );
    assert.deepEqual(names(), ["prod-extra", "prod-ipv4", "prod-ipv6"]);
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    assert.deepEqual(names(), ["prod-ipv4", "prod-ipv6"]);
  });

  test("with nothing to do costs five requests", async (t) => {
    const world = await hetznerWorld(t);
    await world.podtrust(["up", "--yes"]);
    const left = async (): Promise<number> => Number((await world.headers())["ratelimit-remaining"]);
    const before = await left();
    await world.podtrust(["up"]);
    assert.ok(before - (await left()) - 1 <= 5, `${before - (await left()) - 2}`);
  });

  test("an API that goes away in the middle is an error with a next step, and the next run ends in the same place", async (t) => {
    for (let n = 1; n <= 5; n += 1) {
      const world = await hetznerWorld(t);
      let writes = 0;
      world.onWrite = () => {
        writes += 1;
        if (writes === n) world.hetzner.misbehave({ what: "reset", times: 24 });
      };
      const first = await world.podtrust(["up", "--yes"]);
      assert.equal(first.code, 1, `after write ${n}`);
      assert.match(first.err, /^code: {2}hetzner-unreachable$/mu);
      world.onWrite = () => {};
      let last = first;
      for (let runs = 0; runs < 6 && last.code !== 0; runs += 1) last = await world.podtrust(["up", "--yes"]);
      assert.equal(last.code, 0, last.err);
      const { sshKeys, firewalls, primaryIps, servers } = world.contents();
      assert.deepEqual(
        [sshKeys, firewalls, primaryIps, servers].map(({ length }) => length),
        [1, 1, 2, 1],
      );
    }
  });
});
