import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { appliersLeftOut } from "../cluster/harness/index.ts";
import { nothing } from "../support/hetzner-world.ts";
import { config, type ExportsWorld, exportsWorld } from "./world.ts";

const publicKey =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJg0q9kqvxtnqWbfVFJP6O0l0h3cVq6u2bWkXJ1m5mWb somebody@example.com";

/** All that a stack has at the cloud. */
const everything = (world: ExportsWorld): object => ({ ...world.contents(), recordSets: world.recordSets() });
const none = { ...nothing, recordSets: [] };

/** Makes the stack by podtrust, and exports it with what OpenTofu is to import. */
async function upAndExported(world: ExportsWorld): Promise<string> {
  const up = await world.podtrust("up", "--yes");
  assert.equal(up.code, 0, up.out + up.err);
  const text = await world.exported("--import");
  world.writes.length = 0;
  return text;
}

/** Applies what OpenTofu plans; where requests go wrong, as often as a person would. */
async function applied(world: ExportsWorld, args: readonly string[] = [], tries = 1): Promise<void> {
  for (let at = 1; ; at += 1) {
    const { code, out, err } = await world.tofu(
      "apply",
      "-input=false",
      "-no-color",
      "-auto-approve",
      ...args,
    );
    if (code === 0) return;
    if (at === tries) assert.fail(out + err);
  }
}

async function takenDown(world: ExportsWorld): Promise<void> {
  const down = await world.podtrust("down", "--yes", "--confirm", "prod");
  assert.equal(down.code, 0, down.out + down.err);
  assert.deepEqual(everything(world), none);
}

/** What is drawn for each thing, or comes of user data alone. */
const drawn = new Set([
  "id",
  "ip",
  "ipv4",
  "ipv6",
  "created",
  "assignee_id",
  "dns_ptr",
  "zone",
  "public_key",
  "fingerprint",
  "value",
  "server",
]);

/** The same things, whatever was drawn for each, and in whichever order they were made. */
function shape(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(shape).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).filter(([name]) => name !== "podtrust-host-key");
  return Object.fromEntries(fields.map(([name, one]) => [name, drawn.has(name) ? typeof one : shape(one)]));
}

const cases: Readonly<Record<string, string>> = {
  "as the guide has it": config(),
  "that is protected": config("  protect: true\n"),
  "without IPv4": config().replace("location:", "ipv4: false, location:"),
};

describe(
  "an export of a machine, applied by OpenTofu with Hetzner's provider",
  { skip: appliersLeftOut() },
  () => {
    for (const [what, yaml] of Object.entries(cases)) {
      test(`takes over a machine ${what} without one change at Hetzner, and podtrust sees it as before`, async (t) => {
        const world = await exportsWorld(t);
        await world.config(yaml);
        await upAndExported(world);
        const before = everything(world);
        const families = world.contents().primaryIps.map(({ type }) => type);
        const plan = await world.tofuPlan();
        assert.deepEqual(
          [...plan.imported].sort(),
          [
            "hcloud_firewall.stack",
            "hcloud_server.stack",
            "hcloud_ssh_key.stack",
            ...families.map((family) => `hcloud_primary_ip.${family}`),
            ...families.map((family) => `hcloud_zone_rrset.${family === "ipv4" ? "a" : "aaaa"}`),
          ].sort(),
        );
        assert.deepEqual(plan.actions, {});
        await applied(world);
        assert.deepEqual(everything(world), before);
        assert.deepEqual(world.writes, []);
        assert.deepEqual(await world.tofuPlan(), { imported: [], actions: {} });
        assert.deepEqual(await world.planned(), []);
        if (!yaml.includes("protect")) await takenDown(world);
      });
    }

    test("takes over a machine from an API that fails, throttles and loses answers, and never turns it off", async (t) => {
      const world = await exportsWorld(t, { mischief: { rate: 0.1, seed: 7 } });
      await upAndExported(world);
      const before = everything(world);
      await applied(world, [], 20);
      assert.deepEqual(everything(world), before);
      assert.deepEqual(world.writes, []);
      assert.deepEqual(await world.planned(), []);
      await takenDown(world);
    });

    test("would cost the machine its address without what it has left alone: the stand-in is as merciless as Hetzner", async (t) => {
      for (const protect of [false, true]) {
        const world = await exportsWorld(t);
        await world.config(config(protect ? "  protect: true\n" : ""));
        const text = await upAndExported(world);
        await world.write(text.replace(" public_net,", ""));
        const { code } = await world.tofu("apply", "-input=false", "-no-color", "-auto-approve");
        assert.equal(code, 1);
        const [server] = world.contents().servers;
        assert.equal(server?.public_net.ipv4, null);
        assert.equal(world.contents().primaryIps.length, protect ? 2 : 1);
        assert.ok(world.writes.some((line) => line.endsWith(`/servers/${server?.id}/actions/poweroff`)));
      }
    });

    test("takes over a machine whose login key somebody else has in the project, and leaves the key to them", async (t) => {
      const world = await exportsWorld(t);
      await world.ask("ssh_keys", { name: "somebody's", public_key: await world.loginKey() });
      await upAndExported(world);
      const before = everything(world);
      const { imported, actions } = await world.tofuPlan();
      assert.ok(!imported.includes("hcloud_ssh_key.stack"));
      assert.deepEqual(actions, {});
      await applied(world);
      assert.deepEqual(everything(world), before);
      assert.deepEqual(await world.planned(), []);
    });

    test("lets those reach port 22 who may by now, where the config leaves that to whoever runs podtrust", async (t) => {
      const world = await exportsWorld(t);
      await upAndExported(world);
      const nobody = "addressServices: ['https://127.0.0.1:1', 'https://127.0.0.1:2']";
      await world.config(config().replace(/sshFrom: [^}]*/u, nobody));
      assert.match(await world.exported("--import"), /default += \["198\.51\.100\.7\/32"\]/u);
      assert.deepEqual((await world.tofuPlan()).actions, {});
    });

    test("makes from nothing what podtrust up makes, and podtrust says what only user data can do", async (t) => {
      const world = await exportsWorld(t);
      await world.exported();
      await applied(world, ["-var", `ssh_public_key=${publicKey}`]);
      const plan = await world.tofuPlan("-var", `ssh_public_key=${publicKey}`);
      assert.deepEqual(plan, { imported: [], actions: {} });
      const made = await exportsWorld(t);
      const up = await made.podtrust("up", "--yes");
      assert.equal(up.code, 0, up.err);
      assert.deepEqual(shape(everything(world)), shape(everything(made)));
      assert.deepEqual(await world.planned(), []);
      const { err, code } = await world.whole("up", "--yes");
      assert.equal(code, 1);
      assert.match(err, /made without podtrust's user data/u);
      await takenDown(world);
    });

    test("makes all but the server from nothing, podtrust up the server, and both see the whole afterwards", async (t) => {
      const world = await exportsWorld(t);
      await world.exported();
      const key = await world.loginKey();
      await applied(world, ["-var", `ssh_public_key=${key}`, "-exclude=hcloud_server.stack"]);
      const { primaryIps, servers } = world.contents();
      assert.deepEqual([primaryIps.length, servers.length], [2, 0]);
      const up = await world.podtrust("up", "--yes");
      assert.equal(up.code, 0, up.out + up.err);
      const before = everything(world);
      assert.deepEqual(
        world.contents().primaryIps.map(({ ip }) => ip),
        primaryIps.map(({ ip }) => ip),
      );
      assert.match(world.contents().servers[0]?.labels["podtrust-host-key"] ?? "", /^[a-z2-7]{52}$/u);
      world.writes.length = 0;
      await world.exported("--import");
      assert.deepEqual((await world.tofuPlan()).imported, ["hcloud_server.stack"]);
      await applied(world);
      assert.deepEqual(everything(world), before);
      assert.deepEqual(await world.tofuPlan(), { imported: [], actions: {} });
      assert.deepEqual(await world.planned(), []);
    });
  },
);
