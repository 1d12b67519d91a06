import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { StateFolder } from "../../src/core/files/index.ts";
import { makeLoginKey, newSshKeyPair, pinFile, pinnedKnownHosts } from "../../src/providers/host/index.ts";
import { homeEnvironment } from "../support/ssh-host/index.ts";
import { newKey, startTestPublisher } from "../support/publisher.ts";

function whyNot(): string | false {
  if (process.platform !== "linux") return "a file system of 64 kB is mounted on Linux only";
  return process.getuid?.() === 0 ? false : "mounting a file system of 64 kB takes root";
}

function run(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
}

/** Writes until the kernel itself says that there is no room. */
function fill(file: string): void {
  assert.throws(
    () => {
      for (let size = 1; size < 10_000; size += 1) writeFileSync(file, Buffer.alloc(4096), { flag: "a" });
    },
    { code: "ENOSPC" },
  );
}

test(
  "a disk that is really full: the last good file stays, new keys are served, and both are kept once there is room",
  { skip: whyNot() },
  async () => {
    await using to = await startTestPublisher();
    await to.publisher.ready();
    // Its folder is made with the first file, behind the first answer.
    await to.pass(20_000);
    const folder = join(to.stateDir, "publisher");
    run("mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", folder);
    // Let go before the publisher's folder is removed.
    using _mounted = { [Symbol.dispose]: () => run("umount", folder) };
    const first = newKey();
    to.cluster.keys = [...to.cluster.keys, first];
    await to.pass(20_000);
    const kept = readFileSync(join(folder, "test.json"), "utf8");
    assert.match(kept, new RegExp(first.kid, "u"));

    fill(join(folder, "filler"));
    const second = newKey();
    to.cluster.keys = [...to.cluster.keys, second];
    await to.pass(20_000);
    const kids = to.publisher.status().issuers[0]?.keys.map((key) => key.kid) ?? [];
    assert.ok(kids.includes(second.kid));
    assert.match(to.publisher.status().issuers[0]?.warnings.join() ?? "", /could not be written.*ENOSPC/u);
    assert.equal(
      readFileSync(join(folder, "test.json"), "utf8"),
      kept,
      "what was there before is still whole",
    );

    rmSync(join(folder, "filler"));
    await to.pass(20_000);
    assert.match(readFileSync(join(folder, "test.json"), "utf8"), new RegExp(second.kid, "u"));
    assert.deepEqual(to.publisher.status().issuers[0]?.warnings, []);
  },
);

describe(
  "the state that a person's podtrust keeps, on a disk that is really full,",
  { skip: whyNot() },
  () => {
    /** A stack's folder of state on a disk of its own, and the home of a person who knows a machine by this key. */
    function stackOnDisk() {
      const above = mkdtempSync(join(tmpdir(), "podtrust-full-"));
      const path = join(above, "state");
      mkdirSync(path, { mode: 0o700 });
      run("mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", path);
      const state = new StateFolder(path);
      const env = homeEnvironment(above);
      const pinned = (publicKey: string): Promise<string> => {
        const folder = join(env["HOME"] ?? "", ".ssh");
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, "known_hosts"), `[192.0.2.7]:2222 ${publicKey}\n`);
        const target = { address: "192.0.2.7", port: 2222, user: "root", hostKeys: [] };
        return pinnedKnownHosts(target, { env, state, alias: "podtrust-prod" });
      };
      const full = {
        code: "file-unwritable",
        message: new RegExp(`^${path}/.*(?: cannot be written|: the lock cannot be had): .*ENOSPC`, "u"),
      };
      return {
        state,
        path,
        full,
        pinned,
        fill: () => fill(join(path, "filler")),
        [Symbol.dispose]() {
          run("umount", path);
          rmSync(above, { recursive: true });
        },
      };
    }

    test("a machine's other key is not pinned, by the name of the file; the pin of before is whole, and is used without a write", async () => {
      using disk = stackOnDisk();
      const [one, other] = [newSshKeyPair("a"), newSshKeyPair("b")];
      const file = await disk.pinned(one.publicKey);
      const before = readFileSync(file, "utf8");
      disk.fill();
      assert.equal(await disk.pinned(one.publicKey), file);
      await assert.rejects(disk.pinned(other.publicKey), disk.full);
      assert.equal(readFileSync(file, "utf8"), before);
      assert.deepEqual(readdirSync(disk.path).sort(), ["filler", pinFile]);
      rmSync(join(disk.path, "filler"));
      await disk.pinned(other.publicKey);
      const pinned = readFileSync(file, "utf8");
      assert.ok(pinned.includes(other.publicKey.split(" ")[1] ?? "none"), pinned);
    });

    test("a login key is not made, by the name of the folder, and none is half; with room it is", async () => {
      using disk = stackOnDisk();
      disk.fill();
      const source = { state: disk.state, env: {} };
      await assert.rejects(makeLoginKey(source, "prod", systemClock), disk.full);
      assert.deepEqual(readdirSync(disk.path), ["filler"]);
      rmSync(join(disk.path, "filler"));
      const made = await makeLoginKey(source, "prod", systemClock);
      assert.equal((await disk.state.read("id_ed25519.pub"))?.trim(), made);
      assert.match((await disk.state.readSecret("id_ed25519")) ?? "", /PRIVATE KEY/u);
    });
  },
);
