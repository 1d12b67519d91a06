import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { newSshKeyPair } from "../../src/providers/host/index.ts";
import { hetznerWorld, machineConfig } from "../support/hetzner-world.ts";
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
