import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { newSshKeyPair } from "../../src/host/index.ts";
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
});
