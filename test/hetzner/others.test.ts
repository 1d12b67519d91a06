import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { newSshKeyPair } from "../../src/providers/host/index.ts";
import { hetznerWorld, machineConfig } from "../support/hetzner-world.ts";
import { refused } from "./refused.ts";

describe("what belongs to somebody else at Hetzner", () => {
  const theirs: [string, object, string][] = [
    ["servers", { name: "prod", server_type: "cx23", image: "debian-13", location: "hel1" }, "server/prod"],
    ["firewalls", { name: "prod", labels: { managed_by: "ansible" } }, "firewall/prod"],
    ["primary_ips", { name: "prod-ipv4", type: "ipv4", location: "nbg1" }, "primary-ip/prod-ipv4"],
    ["ssh_keys", { name: "prod", public_key: newSshKeyPair("them").publicKey }, "ssh-key/prod"],
  ];
  for (const [path, body, id] of theirs) {
    test(`the name of one of the ${path} blocks the whole plan, and nothing is touched`, async (t) => {
      const world = await hetznerWorld(t);
      await world.ask("POST", path, body);
      await world.clock.sleep(10_000);
      const before = world.contents();
      await refused(
        world,
        ["up", "--yes"],
        ["plan-name-taken", new RegExp(`hetzner/${id} exists already`, "u")],
      );
      const down = await world.podtrust(["down", "--yes", "--confirm", "prod"]);
      assert.equal(down.code, 0);
      assert.deepEqual(world.contents(), before);
    });
  }

  test("a server that one of our addresses was put on is not switched off for it", async (t) => {
    const world = await hetznerWorld(t);
    await world.podtrust(["up", "--yes"]);
    const { servers, primaryIps } = world.contents();
    const address = primaryIps.find(({ type }) => type === "ipv4")?.id;
    const settle = (): Promise<void> => world.clock.sleep(10_000);
    await world.ask("POST", `servers/${servers[0]?.id}/actions/poweroff`);
    await settle();
    await world.ask("POST", `primary_ips/${address}/actions/unassign`);
    const public_net = { enable_ipv4: false, enable_ipv6: true };
    const body = { name: "web", server_type: "cx23", image: "debian-13", location: "nbg1", public_net };
    await world.ask("POST", "servers", { ...body, start_after_create: false });
    await settle();
    const id = world.contents().servers.find(({ name }) => name === "web")?.id;
    await world.ask("POST", `primary_ips/${address}/actions/assign`, {
      assignee_type: "server",
      assignee_id: id,
    });
    await world.ask("POST", `servers/${id}/actions/poweron`);
    await settle();
    await refused(
      world,
      ["down", "--confirm", "prod"],
      ["hetzner-unmarked-server", /server web \(id \d+\) uses primary-ip\/prod-ipv4 and does not carry/u],
    );
    const left = world.contents();
    assert.deepEqual(left.servers.map(({ name, status }) => `${name} ${status}`).toSorted(), [
      "prod off",
      "web running",
    ]);
  });

  test("what another stack has is said to be that stack's", async (t) => {
    const world = await hetznerWorld(t);
    const labels = { "podtrust-stack": "staging", "podtrust-format": "1" };
    await world.ask("POST", "firewalls", { name: "prod", labels });
    await refused(world, ["up", "--yes"], ["plan-name-taken", /belongs to podtrust stack "staging"/u]);
  });

  test("a person's own key that is in the project already is used, and stays", async (t) => {
    const world = await hetznerWorld(t);
    const { publicKey } = newSshKeyPair("me@here");
    await writeFile(join(world.folder, "me.pub"), publicKey);
    await world.ask("POST", "ssh_keys", { name: "me", public_key: publicKey });
    await world.config(machineConfig("", "sshKey: me.pub"));
    const up = await world.podtrust(["up", "--yes"]);
    assert.equal(up.code, 0, up.err);
    assert.ok((world.hetzner.userData("prod") ?? "").includes(publicKey.split(" ")[1] ?? "-"));
    assert.deepEqual(await world.planned(), []);
    const output = await world.podtrust(["output", "public_ip"]);
    assert.equal(output.out, `${world.contents().servers[0]?.public_net.ipv4?.ip}\n`, output.err);
    assert.equal((await world.podtrust(["down", "--confirm", "prod"])).code, 0);
    assert.deepEqual(
      world.contents().sshKeys.map(({ name }) => name),
      ["me"],
    );
  });

  test("import takes over what was made by hand, repaired, and says that its host key is not known", async (t) => {
    const world = await hetznerWorld(t);
    const { publicKey } = newSshKeyPair("me");
    await writeFile(join(world.folder, "me.pub"), publicKey);
    await world.config(machineConfig("", "sshKey: me.pub"));
    await world.ask("POST", "ssh_keys", { name: "me", public_key: publicKey });
    const rules = [{ direction: "in", protocol: "tcp", port: "22", source_ips: ["0.0.0.0/0"] }];
    await world.ask("POST", "firewalls", { name: "prod", rules });
    for (const type of ["ipv4", "ipv6"]) {
      await world.ask("POST", "primary_ips", { name: `prod-${type}`, type, location: "nbg1" });
    }
    const [ipv4, ipv6] = world.contents().primaryIps.map(({ id }) => id);
    const server = { name: "prod", server_type: "cax11", image: "ubuntu-24.04", location: "nbg1" };
    await world.ask("POST", "servers", { ...server, public_net: { ipv4, ipv6 } });
    await world.clock.sleep(10_000);
    const { id } = world.contents().servers[0] ?? {};
    const taken = await world.podtrust(["import", "--yes", "firewall", "primary-ip", "server"]);
    assert.equal(taken.code, 0, taken.out + taken.err);
    assert.match(taken.err, /has lost the label podtrust-host-key/u);
    const up = await world.saved(["up", "--yes"]);
    assert.equal(up.code, 1);
    assert.match(up.err, /^code: +ssh-host-key-unknown$/mu);
    assert.match(up.err, /made without podtrust's user data/u);
    assert.deepEqual(await world.planned(), []);
    const { servers, firewalls } = world.contents();
    assert.deepEqual([servers.length, servers[0]?.id, firewalls[0]?.rules.length], [1, id, 3]);
  });

  test("a server that somebody deleted is planned anew with what is lost, and that its tokens are refused", async (t) => {
    const world = await hetznerWorld(t);
    await world.podtrust(["up", "--yes"]);
    const [server] = world.contents().servers;
    await world.ask("DELETE", `servers/${server?.id}`);
    await world.clock.sleep(10_000);
    const plan = await world.podtrust(["plan"]);
    assert.match(
      plan.err.replaceAll(/\s+/gu, " "),
      /server\/prod is not there, while .* is\. If it ran before: .*tokens that it signed are refused/u,
    );
  });

  test("a server of the stack's name that is somebody else's is refused with the import that takes it over", async (t) => {
    const world = await hetznerWorld(t);
    await world.podtrust(["up", "--yes"]);
    const [server] = world.contents().servers;
    await world.ask("PUT", `servers/${server?.id}`, { labels: {} });
    const plan = await world.podtrust(["plan"]);
    assert.equal(plan.code, 1);
    const said = plan.err.replaceAll(/\s+/gu, " ");
    assert.match(said, /podtrust import server\/prod/u);
    assert.doesNotMatch(said, /has lost the label/u);
    const taken = await world.podtrust(["import", "server/prod", "--yes"]);
    assert.equal(taken.code, 0, taken.err);
  });
});
