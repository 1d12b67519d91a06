/**
 * A server of k3s' form gets our issuer and gives it back, over SSH: a real API server is started by the stand-in for k3s, which reads its
 * files as k3s does. k3s itself was not run. Meanwhile its tokens are shown to it several times a second.
 */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { runAdoption, undoAdoption, type Working } from "../../../src/control-plane/adoption/index.ts";
import { until } from "../../support/until.ts";
import { type AdoptionWorld, old, ours, startAdoptionWorld } from "./adoption-world.ts";
import { startChecker } from "./checker.ts";
import { startK3sMachines } from "./k3s-machines.ts";
import { machinesLeftOut } from "./machines.ts";

const folder = "etc/rancher/k3s";
const enough = 100;

describe("podtrust adopt on a server of k3s' form", { skip: machinesLeftOut(), timeout: 900_000 }, () => {
  let world: AdoptionWorld;
  const working: Working = {
    began: () => {},
    waiting: () => {},
    restarted: () => {},
    notice: () => {},
  };

  before(async () => {
    world = await startAdoptionWorld({ start: () => startK3sMachines({ names: ["cp-1"], issuer: old }) });
    await world.letBothIn();
  });
  after(() => world?.stop());

  async function carried(carry: typeof runAdoption): Promise<void> {
    const { context, close } = await world.open();
    try {
      await carry(context, working);
    } finally {
      await close();
    }
  }

  /** Its config files by their names. */
  async function configs(): Promise<Readonly<Record<string, string>>> {
    const root = join(world.cluster.machines[0]?.host.root ?? "", folder);
    const inFolder = await readdir(join(root, "config.yaml.d")).catch(() => []);
    const names = ["config.yaml", ...inFolder.map((name) => `config.yaml.d/${name}`)];
    const texts = await Promise.all(
      names.map(async (name) => [name, await readFile(join(root, name), "utf8")]),
    );
    return Object.fromEntries(texts) as Record<string, string>;
  }

  async function discovery(): Promise<{ readonly issuer: string; readonly jwks_uri: string }> {
    const answer = await world.cluster.machines[0]?.ask("/.well-known/openid-configuration");
    return JSON.parse(answer?.text ?? "") as { issuer: string; jwks_uri: string };
  }

  test("refuses no token there and back, shows the keys' address of the issuer that signs, and leaves its files as they were", async (t) => {
    const first = await configs();
    const keys = (issuer: string): string => `${issuer}/openid/v1/jwks`;
    assert.deepEqual([(await discovery()).issuer, (await discovery()).jwks_uri], [old, keys(old)]);
    const checker = startChecker(t, world.cluster.machines, "default", "web");
    await until("something was asked", () => checker.asked() >= 10);
    await carried(runAdoption);
    assert.deepEqual([(await discovery()).issuer, (await discovery()).jwks_uri], [ours, keys(ours)]);
    assert.notDeepEqual(await configs(), first);
    await until("the new issuer's tokens were shown too", () => checker.asked() >= enough);
    await carried(undoAdoption);
    assert.deepEqual([(await discovery()).issuer, (await discovery()).jwks_uri], [old, keys(old)]);
    assert.deepEqual(await configs(), first);
    const { asked, refused } = await checker.end();
    t.diagnostic(`the API server was asked ${asked} times`);
    assert.deepEqual(refused, []);
  });
});
