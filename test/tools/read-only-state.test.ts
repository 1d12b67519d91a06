import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { serveByAcme } from "../support/acme-publisher.ts";
import { maxWait } from "../support/until.ts";

function whyNot(): string | false {
  if (process.platform !== "linux") return "a folder is mounted read-only on Linux only";
  return process.getuid?.() === 0 ? false : "mounting a folder read-only takes root";
}

function run(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
}

test(
  "a state directory that is read-only gives the publisher its certificate and documents, and what it lacks is reported",
  { skip: whyNot() },
  async (t) => {
    const { start, fetchKeys, stateDir } = await serveByAcme(t, "http-01");
    const first = await start();
    await first.publisher.ready(AbortSignal.timeout(maxWait));
    const certificate = await fetchKeys();
    await first.close(0);

    run("mount", "--bind", stateDir, stateDir);
    // Let go before the folder is removed.
    using _mounted = { [Symbol.dispose]: () => run("umount", stateDir) };
    run("mount", "-o", "remount,ro,bind", stateDir);
    const second = await start();
    try {
      await second.publisher.ready(AbortSignal.timeout(maxWait));
      assert.equal(await fetchKeys(), certificate);
      const { degraded } = second.publisher.status();
      assert.match(degraded.join(), /control socket .*publisher\.sock could not be opened: .*EROFS/u);
    } finally {
      await second.close(0);
    }
  },
);
