import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { type HetznerWorld, hetznerWorld, machineConfig } from "../support/hetzner-world.ts";

async function standing(t: TestContext, config = machineConfig()): Promise<HetznerWorld> {
  const world = await hetznerWorld(t);
  await world.config(config);
  const up = await world.podtrust(["up", "--yes"]);
  assert.equal(up.code, 0, up.err);
  return world;
}

/** The fields of a plan's only change, as `kind id: field before → after`. */
async function onlyChange(world: HetznerWorld, ...args: string[]): Promise<readonly string[]> {
  const { result } = await world.json(["plan", ...args]);
  return result.changes
    .filter(({ kind }) => kind !== "none")
    .flatMap(({ id, kind, fields }) =>
      fields.map(
        ({ field, before, after }) =>
          `${kind} ${id.replace("hetzner/", "")}: ${field} ${JSON.stringify(before)} → ${JSON.stringify(after)}`,
      ),
    );
}

async function repaired(world: HetznerWorld): Promise<void> {
  const up = await world.podtrust(["up", "--yes"]);
  assert.equal(up.code, 0, up.out + up.err);
  assert.deepEqual(await world.planned(), []);
}

describe("what somebody changed by hand at Hetzner", () => {
  test("a firewall's rules are shown and put back", async (t) => {
    const world = await standing(t);
    const [firewall] = world.contents().firewalls;
    const rule = { direction: "in", protocol: "tcp", port: "22", source_ips: ["0.0.0.0/0"] };
    await world.ask("POST", `firewalls/${firewall?.id}/actions/set_rules`, { rules: [rule] });
    const [change = ""] = await onlyChange(world);
    assert.match(change, /^update firewall\/prod: rules \["in tcp 22 from 0\.0\.0\.0\/0"\] → /u);
    await repaired(world);
    assert.equal(world.contents().firewalls[0]?.rules.length, 3);
  });

  test("networks in another spelling are no difference", async (t) => {
    const world = await standing(t);
    await world.config(machineConfig().replace("2001:DB8:0:1::/64", "2001:0db8:0000:0001:0:0:0:0/64"));
    assert.deepEqual(await world.planned(), []);
  });

  test("a second firewall, by which somebody opened more ports, stays on the server, and stands after down", async (t) => {
    const world = await standing(t);
    const rule = { direction: "in", protocol: "tcp", port: "30443", source_ips: ["203.0.113.9/32"] };
    const target = { type: "server", server: { id: world.contents().servers[0]?.id } };
    await world.ask("POST", "firewalls", { name: "ingress", rules: [rule], apply_to: [target] });
    await world.clock.sleep(10_000);
    assert.deepEqual(await world.planned(), []);
    await repaired(world);
    assert.equal(world.contents().servers[0]?.public_net.firewalls.length, 2);
    const down = await world.podtrust(["down", "--yes", "--confirm", "prod"]);
    assert.equal(down.code, 0, down.err);
    assert.deepEqual(
      world.contents().firewalls.map(({ name }) => name),
      ["ingress"],
    );
  });

  test("a server that was taken out of its firewall is put behind it", async (t) => {
    const world = await standing(t);
    const { firewalls, servers } = world.contents();
    const target = { type: "server", server: { id: servers[0]?.id } };
    await world.ask("POST", `firewalls/${firewalls[0]?.id}/actions/remove_from_resources`, {
      remove_from: [target],
    });
    assert.deepEqual(await onlyChange(world), ['update server/prod: firewall "not on it" → "prod"']);
    await repaired(world);
    assert.deepEqual(world.contents().servers[0]?.public_net.firewalls, [
      { id: firewalls[0]?.id, status: "applied" },
    ]);
  });

  test("a server that was switched off is switched on", async (t) => {
    const world = await standing(t);
    await world.ask("POST", `servers/${world.contents().servers[0]?.id}/actions/poweroff`);
    await world.clock.sleep(10_000);
    assert.deepEqual(await onlyChange(world), ['update server/prod: state "off" → "running"']);
    await repaired(world);
    assert.equal(world.contents().servers[0]?.status, "running");
  });

  test("a server that was renamed gets its name back, and no other is made", async (t) => {
    const world = await standing(t);
    const { id } = world.contents().servers[0] ?? {};
    await world.ask("PUT", `servers/${id}`, { name: "web" });
    assert.deepEqual(await onlyChange(world), ['update server/prod: name "web" → "prod"']);
    await repaired(world);
    assert.deepEqual(
      world.contents().servers.map((one) => [one.id, one.name]),
      [[id, "prod"]],
    );
  });

  test("a label of ours that was lost is put back, and others' labels stay", async (t) => {
    const world = await standing(t);
    const [address] = world.contents().primaryIps;
    const labels = { "podtrust-stack": "prod", "podtrust-identity": "3f2a91bc", team: "platform" };
    await world.ask("PUT", `primary_ips/${address?.id}`, { labels });
    assert.deepEqual(await onlyChange(world), [
      'update primary-ip/prod-ipv4: labels.podtrust-format undefined → "1"',
    ]);
    await repaired(world);
    const now = world.contents().primaryIps.find(({ id }) => id === address?.id);
    assert.deepEqual(now?.labels, { ...labels, "podtrust-format": "1" });
  });

  test("an address that would go with its server is kept from it", async (t) => {
    const world = await standing(t);
    const [address] = world.contents().primaryIps;
    await world.ask("PUT", `primary_ips/${address?.id}`, { auto_delete: true });
    assert.deepEqual(await onlyChange(world), ["update primary-ip/prod-ipv4: autoDelete true → false"]);
    await repaired(world);
  });

  test("protection follows the config, on server and addresses", async (t) => {
    const world = await standing(t);
    await world.config(machineConfig("", "protect: true"));
    assert.deepEqual(await onlyChange(world), [
      "update primary-ip/prod-ipv4: protect false → true",
      "update primary-ip/prod-ipv6: protect false → true",
      "update server/prod: protect false → true",
    ]);
    await repaired(world);
    const isProtected = (): readonly boolean[] => {
      const { primaryIps, servers } = world.contents();
      return [...primaryIps, ...servers].map(({ protection }) => protection.delete);
    };
    assert.deepEqual(isProtected(), [true, true, true]);
    await world.config(machineConfig());
    await repaired(world);
    assert.deepEqual(isProtected(), [false, false, false]);
  });

  test("a server that was deleted is made again, with the addresses that it had", async (t) => {
    const world = await standing(t);
    const before = world.contents();
    await world.ask("DELETE", `servers/${before.servers[0]?.id}`);
    // It is still on its way out, and what it had is held for a while after that.
    await repaired(world);
    const { servers, primaryIps } = world.contents();
    assert.equal(servers.length, 1);
    assert.notEqual(servers[0]?.id, before.servers[0]?.id);
    assert.deepEqual(
      primaryIps.map(({ ip }) => ip),
      before.primaryIps.map(({ ip }) => ip),
    );
  });
});

describe("a config that changes", () => {
  test("a family that goes is taken off the machine and given back; one that comes is put on", async (t) => {
    const world = await standing(t);
    await world.config(machineConfig("ipv4: false"));
    const { result } = await world.json(["plan"]);
    assert.deepEqual(
      result.changes.filter(({ kind }) => kind !== "none").map(({ id, kind }) => `${kind} ${id}`),
      ["update hetzner/server/prod", "delete hetzner/primary-ip/prod-ipv4"],
    );
    assert.match(result.warnings.join("\n"), /is shut down and started again/u);
    await repaired(world);
    assert.deepEqual(
      world.contents().primaryIps.map(({ type }) => type),
      ["ipv6"],
    );
    await world.config(machineConfig());
    await repaired(world);
    const { servers, primaryIps } = world.contents();
    assert.equal(primaryIps.length, 2);
    assert.deepEqual([servers[0]?.status, servers[0]?.public_net.ipv4 === null], ["running", false]);
  });

  const replaced: [string, string, string, RegExp][] = [
    ["another type", "type: cax11", "type: cax21", /type cax11 → cax21/u],
    ["another image", "image: debian-13", "image: ubuntu-24.04", /image debian-13 → ubuntu-24\.04/u],
    ["another location", "location: nbg1", "location: hel1", /location nbg1 → hel1/u],
  ];
  for (const [what, from, to, said] of replaced) {
    test(`${what} is refused with what would be lost, and done when that is agreed to`, async (t) => {
      const first = machineConfig(from.startsWith("image") ? from : "");
      const world = await standing(t, first);
      const { id } = world.contents().servers[0] ?? {};
      await world.config(first.replace(from, to));
      const refused = await world.podtrust(["up", "--yes"]);
      assert.equal(refused.code, 1);
      assert.match(refused.err, /^code: {2}machine-replace$/mu);
      assert.match(refused.err, said);
      assert.match(refused.err, /signing keys/u);
      assert.equal(world.contents().servers[0]?.id, id, "nothing was done");
      // Yes alone does not name the stack.
      const unnamed = await world.podtrust(["up", "--yes", "--allow-replace"]);
      assert.equal(unnamed.code, 2, unnamed.err);
      const done = await world.podtrust(["up", "--allow-replace", "--confirm", "prod"]);
      assert.equal(done.code, 0, done.out + done.err);
      const { servers, primaryIps } = world.contents();
      assert.deepEqual([servers.length, primaryIps.length, servers[0]?.id === id], [1, 2, false]);
      assert.deepEqual(await world.planned(), []);
    });
  }

  test("a machine that is no longer to be protected can be replaced in the same run", async (t) => {
    const config = machineConfig("", "protect: true");
    const world = await standing(t, config);
    await world.config(machineConfig().replace("nbg1", "hel1"));
    const done = await world.podtrust(["up", "--allow-replace", "--confirm", "prod"]);
    assert.equal(done.code, 0, done.out + done.err);
    assert.deepEqual(await world.planned(), []);
    const { servers, primaryIps } = world.contents();
    const places = [...servers, ...primaryIps].map(({ location }) => location.name);
    assert.deepEqual(places, ["hel1", "hel1", "hel1"]);
  });

  test("a machine whose address somebody else uses is left running without it", async (t) => {
    const world = await standing(t, machineConfig("ipv4: false"));
    await world.config(machineConfig());
    assert.equal((await world.podtrust(["up", "--yes", "--only", "primary-ip/prod-ipv4"])).code, 0);
    const address = world.contents().primaryIps.find(({ type }) => type === "ipv4")?.id;
    const public_net = { ipv4: address, enable_ipv6: false };
    const body = { name: "web", server_type: "cx23", image: "debian-13", location: "nbg1", public_net };
    await world.ask("POST", "servers", body);
    await world.clock.sleep(10_000);
    const up = await world.podtrust(["up", "--yes"]);
    assert.equal(up.code, 1);
    assert.match(up.err, /primary_ip_already_assigned/u);
    const { servers } = world.contents();
    assert.deepEqual(
      servers.map(({ name, status }) => [name, status]),
      [
        ["prod", "running"],
        ["web", "running"],
      ],
    );
  });

  test("a protected machine is neither replaced nor deleted, whatever is allowed", async (t) => {
    const config = machineConfig("", "protect: true");
    const world = await standing(t, config);
    const down = await world.podtrust(["down", "--confirm", "prod"]);
    assert.deepEqual([down.code, /^code: {2}machine-protected$/mu.test(down.err)], [1, true], down.err);
    await world.config(config.replace("cax11", "cax21"));
    const up = await world.podtrust(["up", "--allow-replace", "--confirm", "prod"]);
    assert.deepEqual([up.code, /^code: {2}machine-protected$/mu.test(up.err)], [1, true], up.err);
    // The config alone does not take the protection off: up has to.
    await world.config(machineConfig());
    const early = await world.podtrust(["down", "--confirm", "prod"]);
    assert.deepEqual([early.code, /^code: {2}hetzner-protected$/mu.test(early.err)], [1, true], early.err);
    assert.equal(world.contents().servers.length, 1);
    await repaired(world);
    assert.equal((await world.podtrust(["down", "--confirm", "prod"])).code, 0);
  });
});
