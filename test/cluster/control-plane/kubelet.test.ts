/** The same adoption where real kubelets run the API servers as static pods: there and back, once, and nothing is cut off. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { runAdoption, undoAdoption, type Working } from "../../../src/control-plane/adoption/index.ts";
import { podsLeftOut } from "../harness/index.ts";
import { type AdoptionWorld, startAdoptionWorld } from "./adoption-world.ts";
import { startChecker } from "./checker.ts";
import { machinesLeftOut, manifestPath } from "./machines.ts";

describe(
  "podtrust adopt where kubelets run the API servers",
  { skip: machinesLeftOut() || podsLeftOut(), timeout: 1_500_000 },
  () => {
    let world: AdoptionWorld;
    before(async () => {
      world = await startAdoptionWorld({ kubelets: "real" });
      await world.letBothIn();
    });
    after(() => world?.stop());

    const manifests = (): Promise<readonly string[]> =>
      Promise.all(world.cluster.machines.map(({ host }) => readFile(join(host.root, manifestPath), "utf8")));

    test("refuses no token there and back, tells for how long each API server was away, and leaves the manifests as they were", async (t) => {
      const made = await manifests();
      const reported: string[] = [];
      const working: Working = {
        began: () => {},
        waiting: () => {},
        notice: () => {},
        restarted: ({ server, kind }, { awayMs }) => reported.push(`${server} ${kind} ${awayMs}`),
      };
      const checker = startChecker(t, world.cluster.machines, "default", "web");
      for (const carry of [runAdoption, undoAdoption]) {
        const { context, close } = await world.open();
        try {
          await carry(context, working);
          for (const { api } of context.servers) {
            const { starts, runs } = await api.whatRuns(context.signal);
            // By containerd itself, which calls the process the kubelet's static pod.
            assert.deepEqual(runs, { kind: "seen", flags: starts });
          }
        } finally {
          await close();
        }
      }
      const { asked, refused, longestGaps } = await checker.end();
      t.diagnostic(
        `asked ${asked}, refused ${refused.length}; longest gaps ${JSON.stringify([...longestGaps])}`,
      );
      t.diagnostic(reported.join("; "));
      assert.deepEqual(refused, []);
      assert.ok(asked > 100, `asked ${asked} times`);
      assert.deepEqual(
        reported.map((one) => one.split(" ").slice(0, 2).join(" ")),
        ["accept", "sign", "hold", "restore"].flatMap((kind) => [`cp-1 ${kind}`, `cp-2 ${kind}`]),
      );
      assert.deepEqual(await manifests(), made);
    });
  },
);
