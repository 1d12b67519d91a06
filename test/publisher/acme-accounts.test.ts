import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { systemClock } from "../../src/base/index.ts";
import { firstOrderHold, parseConfig } from "../../src/config/index.ts";
import { isFirstOrderHeld } from "../../src/publisher/configs/first-order.ts";
import { servePublisher } from "../../src/publisher/index.ts";
import { startAuthority, startStandInCluster } from "../../src/sandbox/index.ts";
import { freePort } from "../support/free-port.ts";
import { MemoryLog } from "../support/publisher.ts";

/** The URIs of the accounts that a state folder keeps. */
async function accountsIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  const whole = names.filter((name) => name.endsWith(".json"));
  const texts = await Promise.all(whole.map((name) => readFile(join(folder, name), "utf8")));
  return texts.flatMap((text) => (JSON.parse(text) as { uri?: string }).uri ?? []);
}

test("a first certificate is not ordered while its file holds it back, and is once that is gone or forgotten", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-acme-"));
  const ending = new AsyncDisposableStack();
  t.after(() => ending.disposeAsync());
  ending.defer(() => rm(folder, { recursive: true, force: true }));
  const hold = join(folder, firstOrderHold.file);
  const log = new MemoryLog();
  const isHeld = () => isFirstOrderHeld(folder, { clock: systemClock, logger: log });
  assert.equal(await isHeld(), false);
  await writeFile(hold, "");
  assert.equal(await isHeld(), true);
  const ago = (ms: number): Date => new Date(Date.now() - ms);
  const { longestMs } = firstOrderHold;
  for (const [ms, answer] of [
    [longestMs - 60_000, true],
    [longestMs + 60_000, false],
    [-longestMs - 60_000, false],
  ] as const) {
    await utimes(hold, ago(ms), ago(ms));
    assert.equal(await isHeld(), answer, String(ms));
  }
  await rm(hold);
  assert.equal(await isHeld(), false);
});

test("several issuers of one serve share one account at their CA, and each keeps it", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-acme-"));
  // The last that was started ends first: the folder is written into until then.
  const ending = new AsyncDisposableStack();
  t.after(() => ending.disposeAsync());
  ending.defer(() => rm(folder, { recursive: true, force: true }));
  const ca = await startAuthority();
  ending.defer(() => ca.close());
  const cluster = await startStandInCluster({ issuer: "https://one.example.test" });
  ending.defer(() => cluster.close());
  await writeFile(join(folder, "kubeconfig"), cluster.kubeconfig("publisher"), { mode: 0o600 });
  await writeFile(join(folder, "ca.pem"), ca.tlsCa);
  const https = await freePort();
  const stacks = ["one", "two", "three"];
  const configs = stacks.map((stack) => {
    const acme = {
      directory: ca.directoryUrl,
      caFile: "ca.pem",
      challenge: "tls-alpn-01",
      email: "ops@example.test",
    };
    const publisher = {
      source: { kubeconfig: "kubeconfig" },
      stateDir: stack,
      admin: false,
      https: { listen: [`127.0.0.1:${https}`], acme },
    };
    const text = JSON.stringify({ stack, issuer: `https://${stack}.example.test`, publisher });
    return parseConfig(text, join(folder, "podtrust.yaml"), {});
  });
  const hold = join(folder, "three", firstOrderHold.file);
  await mkdir(join(folder, "three"), { mode: 0o700 });
  await writeFile(hold, "");
  const log = new MemoryLog();
  const serving = await servePublisher({
    configs: await Promise.all(configs),
    clock: systemClock,
    logger: log,
    sockets: new Map(),
    env: {},
  });
  ending.defer(() => serving.close(0));
  let kept: readonly string[] = [];
  for (let look = 0; look < 200 && kept.length < stacks.length; look += 1) {
    await pause(50);
    const each = stacks.map((stack) => accountsIn(join(folder, stack, "certificates", "accounts")));
    kept = (await Promise.all(each)).flat();
  }
  assert.equal(kept.length, 3);
  assert.equal(new Set(kept).size, 1);
  // Whoever writes a CAA record asks the publisher, and is told when that is all of them.
  const told = () => serving.publisher.status().issuers.map(({ certificate }) => certificate);
  for (let look = 0; look < 200 && told().some((one) => one?.accountsMissing === true); look += 1)
    await pause(50);
  for (const one of told()) {
    assert.equal(one?.accountsMissing, undefined);
    assert.deepEqual(
      one?.accounts?.map(({ uri, directory }) => [uri, directory]),
      [[kept[0], ca.directoryUrl]],
    );
  }
  // No CA finds these names, and each order is tried and fails: but that of the issuer which is held back.
  const tried = (): readonly string[] => {
    const lines = log.lines.filter(({ message }) => message === "no new certificate this time");
    return [...new Set(lines.map(({ fields }) => String(fields["names"])))].toSorted();
  };
  const untilTried = async (count: number): Promise<void> => {
    for (let look = 0; look < 400 && tried().length < count; look += 1) await pause(50);
  };
  await untilTried(2);
  assert.deepEqual(tried(), ["one.example.test", "two.example.test"]);
  await rm(hold);
  await untilTried(3);
  assert.deepEqual(tried(), ["one.example.test", "three.example.test", "two.example.test"]);
});
