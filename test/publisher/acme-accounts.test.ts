import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../src/core/base/index.ts";
import { parseConfig } from "../../src/config/index.ts";
import { servePublisher } from "../../src/publisher/configs/index.ts";
import { startAuthority, startStandInCluster } from "../../src/sandbox/index.ts";
import { freePort } from "../support/free-port.ts";
import { MemoryLog } from "../support/publisher.ts";
import { until } from "../support/until.ts";

/** The URIs of the accounts that a state folder keeps. */
async function accountsIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  const whole = names.filter((name) => name.endsWith(".json"));
  const texts = await Promise.all(whole.map((name) => readFile(join(folder, name), "utf8")));
  return texts.flatMap((text) => (JSON.parse(text) as { uri?: string }).uri ?? []);
}

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
  const serving = await servePublisher({
    configs: await Promise.all(configs),
    clock: systemClock,
    logger: new MemoryLog(),
    sockets: new Map(),
    env: {},
  });
  ending.defer(() => serving.close(0));
  let kept: readonly string[] = [];
  await until("each issuer keeps its account", async () => {
    const each = stacks.map((stack) => accountsIn(join(folder, stack, "certificates", "accounts")));
    kept = (await Promise.all(each)).flat();
    return kept.length >= stacks.length;
  });
  assert.equal(kept.length, 3);
  assert.equal(new Set(kept).size, 1);
  // Whoever writes a CAA record by hand asks the publisher.
  const accountsOf = () =>
    serving.publisher.status().issuers.map(({ certificate }) => certificate?.accounts ?? []);
  await until("the publisher knows them", () => accountsOf().every(({ length }) => length > 0));
  for (const accounts of accountsOf()) {
    assert.deepEqual(
      accounts.map(({ uri, directory }) => [uri, directory]),
      [[kept[0], ca.directoryUrl]],
    );
  }
});
