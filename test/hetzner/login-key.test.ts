import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { newSshKeyPair } from "../../src/providers/host/index.ts";
import { hetznerWorld, machineConfig, nothing } from "../support/hetzner-world.ts";
import { refused } from "./refused.ts";

describe("a key to log in with", () => {
  const wrong: [string, string, RegExp][] = [
    ["that is a private one", newSshKeyPair("me").privateKey, /holds no public SSH key/u],
    ["that is something else", "hello\n", /holds no public SSH key/u],
  ];
  for (const [what, text, words] of wrong) {
    test(`${what} is refused without being repeated`, async (t) => {
      const world = await hetznerWorld(t);
      await writeFile(join(world.folder, "k.pub"), text);
      await world.config(machineConfig("", "sshKey: k.pub"));
      await refused(world, ["plan"], ["machine-key-invalid", words]);
      const { err } = await world.podtrust(["plan"]);
      assert.ok(!err.includes(text.slice(0, 20)), err);
    });
  }

  test("that is not there is refused by its name", async (t) => {
    const world = await hetznerWorld(t);
    await world.config(machineConfig("", "sshKey: ~/.ssh/absent.pub"));
    await refused(world, ["plan"], ["machine-key-invalid", /absent\.pub/u]);
  });

  test("may be named by its private half, beside which the public one lies", async (t) => {
    const world = await hetznerWorld(t);
    const { privateKey, publicKey } = newSshKeyPair("me");
    await mkdir(join(world.folder, ".ssh"));
    await writeFile(join(world.folder, ".ssh/id_ed25519"), privateKey);
    await writeFile(join(world.folder, ".ssh/id_ed25519.pub"), publicKey);
    await world.config(machineConfig("", "sshKey: ~/.ssh/id_ed25519"));
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    assert.equal(world.contents().sshKeys[0]?.public_key, publicKey);
  });

  test("that podtrust made is removed with the machine, and said to be", async (t) => {
    const world = await hetznerWorld(t);
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    const folder = join(world.folder, ".local/state/podtrust/prod");
    const own = async (): Promise<readonly string[]> =>
      (await readdir(folder)).filter((name) => name.startsWith("id_ed25519")).sort();
    assert.deepEqual(await own(), ["id_ed25519", "id_ed25519.pub"]);
    const kept = await world.podtrust(["down", "--yes", "--only", "ssh-key"]);
    assert.equal(kept.code, 0, kept.err);
    assert.deepEqual(await own(), ["id_ed25519", "id_ed25519.pub"], "the server still lets it in");
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    const down = await world.podtrust(["down", "--yes", "--confirm", "prod"]);
    assert.equal(down.code, 0, down.err);
    assert.match(down.err, /the login key that podtrust made, .*id_ed25519, was removed/u);
    assert.deepEqual(await own(), []);
  });

  test("stays, here and at Hetzner, while a machine whose labels somebody took off uses the stack's firewall, and goes once that is taken over", async (t) => {
    const world = await hetznerWorld(t);
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    const server = world.contents().servers[0];
    await world.ask("PUT", `servers/${server?.id}`, { labels: {} });
    const before = world.contents();
    const key = join(world.folder, ".local/state/podtrust/prod/id_ed25519");
    const text = await readFile(key, "utf8");
    const writes: string[] = [];
    world.onWrite = (line) => writes.push(line);
    for (const only of ["machine", "ssh-key", "firewall", "primary-ip"]) {
      const args = ["down", "--confirm", "prod", "--only", only];
      const words =
        /server prod \(id \d+\) has the stack's name, uses firewall\/prod and primary-ip\/prod-ipv4 and primary-ip\/prod-ipv6 and does not carry the mark of stack prod/u;
      await refused(world, args, ["hetzner-unmarked-server", words]);
    }
    const { err } = await world.podtrust(["down", "--confirm", "prod"]);
    assert.match(err, /^next: {2}.*run podtrust import server\/prod, then podtrust down again/mu);
    assert.deepEqual([writes, world.contents()], [[], before]);
    assert.equal(await readFile(key, "utf8"), text);
    assert.equal((await world.podtrust(["import", "server/prod", "--yes"])).code, 0);
    assert.equal((await world.podtrust(["down", "--confirm", "prod"])).code, 0);
    assert.deepEqual(world.contents(), nothing);
    await assert.rejects(readFile(key), { code: "ENOENT" });
  });

  test("stays while a machine of the stack's name does not carry its mark, whatever it uses, until that is left by its name", async (t) => {
    const world = await hetznerWorld(t);
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    const { servers } = world.contents();
    await world.ask("DELETE", `servers/${servers[0]?.id}`);
    await world.clock.sleep(60_000);
    const body = { name: "prod", server_type: "cx23", image: "debian-13", location: "nbg1" };
    await world.ask("POST", "servers", body);
    await world.clock.sleep(60_000);
    const before = world.contents();
    const words = /server prod \(id \d+\) has the stack's name and does not carry the mark of stack prod/u;
    await refused(world, ["down", "--yes"], ["hetzner-unmarked-server", words]);
    assert.deepEqual(world.contents(), before);
    const left = await world.podtrust(["down", "--yes", "--leave", "server/prod"]);
    assert.equal(left.code, 0, left.err);
    const { servers: still, sshKeys, firewalls, primaryIps } = world.contents();
    assert.deepEqual([still.length, sshKeys, firewalls], [1, [], []]);
    assert.ok(
      primaryIps.every(({ name }) => !name.startsWith("prod-ipv")),
      "its own addresses alone",
    );
  });

  test("stays with a machine that is left by its name, and so does what that one uses", async (t) => {
    const world = await hetznerWorld(t);
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    const server = world.contents().servers[0];
    await world.ask("PUT", `servers/${server?.id}`, { labels: {} });
    const before = world.contents();
    const down = await world.podtrust(["down", "--confirm", "prod", "--leave", "server/prod"]);
    assert.equal(down.code, 0, down.err);
    assert.match(down.err, /server prod stays, and so do firewall\/prod and .* and the login key/u);
    assert.deepEqual(world.contents(), before);
  });

  test("is the last thing that goes", async (t) => {
    const world = await hetznerWorld(t);
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    const gone: string[] = [];
    world.onWrite = (line) => gone.push(line.split("/").slice(0, -1).join("/"));
    assert.equal((await world.podtrust(["down", "--confirm", "prod"])).code, 0);
    assert.match(gone.at(-1) ?? "", /ssh_keys$/u, gone.join());
  });

  test("stays where somebody makes a machine with the stack's firewall while down is at work", async (t) => {
    const world = await hetznerWorld(t);
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    const key = join(world.folder, ".local/state/podtrust/prod/id_ed25519");
    const id = world.contents().servers[0]?.id;
    world.onWrite = (line) => {
      if (!line.startsWith("DELETE ") || !line.endsWith(`/servers/${id}`)) return;
      world.onWrite = () => {};
      made = world.ask("POST", "servers", {
        name: "web",
        server_type: "cx23",
        image: "debian-13",
        location: "nbg1",
        firewalls: [{ firewall: world.contents().firewalls[0]?.id }],
      });
    };
    let made: Promise<unknown> = Promise.resolve();
    const down = await world.podtrust(["down", "--confirm", "prod"]);
    await made;
    assert.equal(down.code, 1);
    assert.match(down.err, /^skipped: hetzner\/ssh-key\/prod, hetzner\/firewall\/prod was not done$/mu);
    assert.match(await readFile(key, "utf8"), /PRIVATE KEY/u);
    assert.equal(world.contents().sshKeys.length, 1);
  });

  test("that went with another stack is not wanted again by a machine that stands, and is by one that is still to be made", async (t) => {
    const world = await hetznerWorld(t);
    const { publicKey } = newSshKeyPair("me");
    await writeFile(join(world.folder, "k.pub"), publicKey);
    const text = machineConfig("", "sshKey: k.pub");
    const dev = text.replace("stack: prod", "stack: dev");
    await world.config(text);
    await writeFile(join(world.folder, "dev.yaml"), dev);
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    const made = await world.podtrust(["up", "--yes", "-f", "dev.yaml"]);
    assert.equal(made.code, 0, made.err);
    assert.equal((await world.podtrust(["down", "--confirm", "prod"])).code, 0);
    assert.deepEqual(world.contents().sshKeys, []);
    const check = await world.podtrust(["plan", "--check", "-f", "dev.yaml"]);
    assert.deepEqual([check.code, /Nothing to do/u.test(check.out)], [0, true], check.out + check.err);
    // Another type is another machine, which is let in by that key alone.
    await writeFile(join(world.folder, "dev.yaml"), dev.replace("cax11", "cax21"));
    const another = await world.podtrust(["up", "--confirm", "dev", "--allow-replace", "-f", "dev.yaml"]);
    assert.equal(another.code, 0, another.out + another.err);
    assert.deepEqual(
      world.contents().sshKeys.map(({ name, public_key }) => [name, public_key]),
      [["dev", publicKey]],
    );
    assert.ok((world.hetzner.userData("dev") ?? "").includes(publicKey.split(" ")[1] ?? "-"));
    // A machine that somebody deleted is to be made, too.
    assert.equal((await world.podtrust(["down", "--yes", "--only", "ssh-key", "-f", "dev.yaml"])).code, 0);
    await world.ask("DELETE", `servers/${world.contents().servers[0]?.id}`);
    await world.clock.sleep(60_000);
    const plan = await world.podtrust(["plan", "--check", "-f", "dev.yaml"]);
    assert.equal(plan.code, 3, plan.err);
    assert.match(plan.out, /\+ .*ssh-key/u);
  });

  test("that is another than the stack's at Hetzner stays when the machine goes", async (t) => {
    const world = await hetznerWorld(t);
    assert.equal((await world.podtrust(["up", "--yes"])).code, 0);
    const folder = join(world.folder, ".local/state/podtrust/prod");
    const { privateKey, publicKey } = newSshKeyPair("other");
    await writeFile(join(folder, "id_ed25519"), privateKey);
    await writeFile(join(folder, "id_ed25519.pub"), publicKey);
    assert.equal((await world.podtrust(["down", "--yes", "--confirm", "prod"])).code, 0);
    assert.equal(await readFile(join(folder, "id_ed25519"), "utf8"), privateKey);
  });
});
