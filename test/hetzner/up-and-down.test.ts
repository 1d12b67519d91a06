import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type Contents, hetznerWorld, machineConfig, nothing } from "../support/hetzner-world.ts";
import { typed } from "../support/stack-world.ts";

const all = ["ssh-key/prod", "firewall/prod", "primary-ip/prod-ipv4", "primary-ip/prod-ipv6", "server/prod"];

describe("a machine at Hetzner", () => {
  test("what is planned is made, once; and down leaves nothing of it", async (t) => {
    const world = await hetznerWorld(t);
    assert.deepEqual(
      await world.planned(),
      all.map((id) => `create ${id}`),
    );
    assert.deepEqual(world.contents(), nothing, "a plan makes nothing");
    const up = await world.json(["up", "--yes"]);
    assert.deepEqual([up.code, up.result.failed, up.result.done.length], [0, [], 5], up.err);
    const { sshKeys, firewalls, primaryIps, servers } = world.contents();
    const [server] = servers;
    assert.equal(server?.status, "running");
    assert.deepEqual(server.public_net.firewalls, [{ id: firewalls[0]?.id, status: "applied" }]);
    assert.deepEqual(
      primaryIps.map(({ type, auto_delete, assignee_id }) => [type, auto_delete, assignee_id]),
      [
        ["ipv4", false, server.id],
        ["ipv6", false, server.id],
      ],
    );
    const marks = { "podtrust-stack": "prod", "podtrust-identity": "3f2a91bc", "podtrust-format": "1" };
    for (const { labels } of [...sshKeys, ...firewalls, ...primaryIps]) assert.deepEqual(labels, marks);
    assert.match(server.labels["podtrust-host-key"] ?? "", /^[a-z2-7]{52}$/u);
    const again = await world.podtrust(["up"]);
    assert.deepEqual([again.code, again.err], [0, ""], "nothing to ask about");
    assert.match(again.out, /Nothing to do, 5 unchanged\./u);
    assert.deepEqual(
      await world.planned("--down"),
      [...all].reverse().map((id) => `delete ${id}`),
    );
    const down = await world.json(["down", "--yes", "--confirm", "prod"]);
    assert.deepEqual([down.code, down.result.done.length], [0, 5], down.err);
    assert.deepEqual(world.contents(), nothing);
    assert.deepEqual(await world.planned("--down"), []);
  });

  test("SSH is open to the networks that the config names, HTTP and HTTPS to everybody, and nothing else", async (t) => {
    const world = await hetznerWorld(t);
    await world.podtrust(["up", "--yes", "--only", "firewall"]);
    assert.deepEqual(
      world.contents().firewalls[0]?.rules.map(({ port, source_ips }) => [port, source_ips]),
      [
        ["22", ["198.51.100.7/32", "2001:db8:0:1::/64"]],
        ["80", ["0.0.0.0/0", "::/0"]],
        ["443", ["0.0.0.0/0", "::/0"]],
      ],
    );
  });

  test("a key is made where there is none, and kept where nobody else may read it", async (t) => {
    const world = await hetznerWorld(t);
    await world.podtrust(["up", "--yes"]);
    const kept = join(world.folder, ".local/state/podtrust/prod/id_ed25519.pub");
    const key = (await readFile(kept, "utf8")).trim();
    assert.equal(world.contents().sshKeys[0]?.public_key, key);
    assert.ok(world.hetzner.userData("prod")?.includes(key.split(" ")[1] ?? "-"));
    assert.equal((await stat(kept.replace(".pub", ""))).mode & 0o777, 0o600);
  });

  test("the plan says what the machine costs a month, its IPv4 address with it", async (t) => {
    const world = await hetznerWorld(t);
    const { result } = await world.json(["plan"]);
    assert.deepEqual(
      result.costs.map(({ what, currency }) => [what, currency]),
      [
        ["server cax11 in nbg1", "EUR"],
        ["IPv4 address", "EUR"],
      ],
    );
    for (const { gross } of result.costs) assert.match(gross, /^\d\.\d{16}$/u, "as Hetzner gives it");
    const { out } = await world.podtrust(["plan"]);
    assert.match(
      out,
      /^Costs 4\.51 EUR a month, taxes included: server cax11 in nbg1 3\.9\d, IPv4 address 0\.\d\d\.$/mu,
    );
    await world.config(machineConfig("ipv4: false"));
    assert.equal((await world.json(["plan"])).result.costs.length, 1);
  });
});

describe("down of a machine", () => {
  test("asks for the stack's name, and anything else is no", async (t) => {
    const world = await hetznerWorld(t);
    await world.podtrust(["up", "--yes"]);
    for (const said of ["y\n", "yes\n", "Prod\n", "\n"]) {
      const { code, out } = await world.podtrust(["down"], typed(said));
      assert.equal(code, 1, out);
    }
    assert.equal(world.contents().servers.length, 1);
    const { said, ...screen } = typed("prod\n");
    assert.equal((await world.podtrust(["down"], screen)).code, 0, said.err);
    assert.match(said.err, /Type the stack's name/u);
    assert.deepEqual(world.contents(), nothing);
  });

  test("without a terminal wants the name as well as yes, and that of this stack", async (t) => {
    const world = await hetznerWorld(t);
    await world.podtrust(["up", "--yes"]);
    const bare = await world.podtrust(["down", "--yes"]);
    assert.deepEqual([bare.code, /--yes --confirm prod/u.test(bare.err)], [2, true], bare.err);
    const other = await world.podtrust(["down", "--yes", "--confirm", "staging"]);
    assert.deepEqual([other.code, /--confirm says staging/u.test(other.err)], [2, true], other.err);
    assert.equal(world.contents().servers.length, 1);
    assert.equal((await world.podtrust(["down", "--confirm", "prod"])).code, 0);
  });

  test("leaves what is somebody else's, and what another stack has", async (t) => {
    const world = await hetznerWorld(t);
    const labels = { "podtrust-stack": "staging", "podtrust-format": "1" };
    await world.ask("POST", "firewalls", { name: "theirs", rules: [] });
    await world.ask("POST", "primary_ips", { name: "staging-ipv4", type: "ipv4", location: "nbg1", labels });
    await world.ask("POST", "servers", {
      name: "web",
      server_type: "cx23",
      image: "debian-13",
      location: "hel1",
    });
    const before = world.contents();
    await world.podtrust(["up", "--yes"]);
    assert.equal((await world.podtrust(["down", "--confirm", "prod"])).code, 0);
    const names = ({ firewalls, servers, primaryIps }: Contents): object =>
      [firewalls, servers, primaryIps].map((things) => things.map(({ id }) => id));
    assert.deepEqual(names(world.contents()), names(before));
  });
});
