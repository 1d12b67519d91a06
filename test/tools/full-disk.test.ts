import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
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
