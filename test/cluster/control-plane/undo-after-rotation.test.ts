/**
 * Two API servers are adopted, their key is rotated, and then they go back to the old issuer: the new key stays while its tokens
 * live. Once the key of before signs alone again, every file is byte for byte as it was.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { type Clock, systemClock } from "../../../src/core/base/index.ts";
import {
  type AdoptionReport,
  runAdoption,
  undoAdoption,
  type Working,
} from "../../../src/control-plane/adoption/index.ts";
import { openRotation, type Rotation } from "../../../src/control-plane/rotation/index.ts";
import { homeEnvironment } from "../../support/ssh-host/index.ts";
import { until } from "../../support/until.ts";
import { type AdoptionWorld, old, ours, startAdoptionWorld } from "./adoption-world.ts";
import { startChecker } from "./checker.ts";
import { machinesLeftOut, manifestPath, setAhead } from "./machines.ts";

const hour = 3_600_000;

describe(
  "podtrust adopt undo after a rotation, on two API servers",
  { skip: machinesLeftOut(), timeout: 1_500_000 },
  () => {
    let world: AdoptionWorld;
    /** Milliseconds by which the rotation's time of day is ahead: for caches, and the ends of tokens. */
    let ahead = 0;
    const clock: Clock = {
      now: () => systemClock.now() + ahead,
      elapsed: () => systemClock.elapsed(),
      sleep: (ms, signal) => systemClock.sleep(ms, signal),
    };
    const opened: { close(): Promise<void> }[] = [];

    before(async () => {
      world = await startAdoptionWorld();
      await world.letBothIn();
    });
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
    });
    after(() => world?.stop());

    const manifests = (): Promise<readonly string[]> =>
      Promise.all(world.cluster.machines.map(({ host }) => readFile(join(host.root, manifestPath), "utf8")));

    const kubeadmText = async (): Promise<string> => {
      const answer = await world.cluster.machines[0]?.ask(
        "/api/v1/namespaces/kube-system/configmaps/kubeadm-config",
      );
      return (JSON.parse(answer?.text ?? "") as { data: { ClusterConfiguration: string } }).data
        .ClusterConfiguration;
    };

    async function carry(
      way: typeof runAdoption,
    ): Promise<{ readonly report: AdoptionReport; readonly notices: readonly string[] }> {
      const notices: string[] = [];
      const working: Working = {
        began: () => {},
        waiting: () => {},
        restarted: () => {},
        notice: (text) => void notices.push(text),
      };
      const { context, close } = await world.open();
      opened.push({ close });
      return { report: await way(context, working), notices };
    }

    async function rotation(): Promise<Rotation> {
      const { context, close } = await world.open();
      opened.push({ close });
      const { config, route, signal } = context;
      const opening = await openRotation({
        config,
        route,
        stateDir: join(world.cluster.folder, "state"),
        publisherCache: 60_000,
        env: homeEnvironment(world.cluster.folder),
        clock,
        signal,
        consent: () => Promise.resolve(true),
        notice: () => {},
        withdraw: world.withdraw,
        onStep: () => {},
        onWait: () => {},
      });
      opened.push(opening);
      return opening.rotation;
    }

    test("refuses no token, keeps the new key, and leaves every file byte for byte as it was once the old one signs alone", async (t) => {
      const made = await manifests();
      const checker = startChecker(t, world.cluster.machines, "default", "web");
      await carry(runAdoption);
      const rotating = await rotation();
      await rotating.prepare("ES256");
      ahead = 3 * hour;
      await setAhead(world.cluster.machines, ahead);
      await rotating.promote();
      const kid = (await rotating.look()).facts.servers[0]?.signs ?? "";

      assert.ok((await kubeadmText()).includes(`podtrust-sa-${kid}.key`), await kubeadmText());

      const back = await carry(undoAdoption);
      assert.ok(!(await kubeadmText()).includes(ours), await kubeadmText());
      assert.equal(back.notices.filter((one) => one.includes(`${kid} came`)).length, 2, back.notices.join());
      assert.equal(back.report.kept.length, 2);
      for (const text of await manifests()) {
        assert.ok(text.includes(`podtrust-sa-${kid}.key`) && text.includes(`=${old}`), text);
        assert.ok(!text.includes(ours), text);
      }
      const sofar = checker.asked();
      await until("tokens of all were shown to all", () => checker.asked() > sofar + 100);
      const { asked, refused } = await checker.end();
      t.diagnostic(`asked ${asked}, refused ${refused.length}`);
      assert.deepEqual(refused, []);

      const again = await rotation();
      await again.abort();
      ahead += 400 * 24 * hour;
      await setAhead(world.cluster.machines, ahead);
      await again.finishPublication(kid);
      await again.finishVerifiers(kid, new Set([kid]));
      const end = await carry(undoAdoption);
      assert.deepEqual([end.report.kept, end.notices], [[], []]);
      assert.deepEqual(await manifests(), made);
    });
  },
);
