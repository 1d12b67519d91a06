import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { startStandInCluster } from "../../src/sandbox/index.ts";
import { until } from "../support/until.ts";
import { backupWorld } from "./world.ts";

const former = "https://kubernetes.default.svc.cluster.local";

describe("a publisher whose cluster and machine are gone", () => {
  test("serves the lost cluster's keys, and those of the next one beside them once a person accepts them", async (t) => {
    const { home, cluster, identity, route, machine, done, recipient, publishes } = await backupWorld(t);
    const old = cluster.keys.list()[0]?.kid ?? "";
    const before = await machine("first");
    const running = await before.serve();
    await publishes([old]);
    const backup = join(home, "prod.age");
    await done("backup", "-f", before.config, "--recipient", await recipient(), "--output", backup);
    await running.close();
    await before.lose();
    cluster.misbehave("gone");

    // As many new clusters do, it names an issuer of its own until it is told another.
    const next = await startStandInCluster({ issuer: former });
    t.after(() => next.close());
    const fresh = next.keys.list()[0]?.kid ?? "";
    const after = await machine("second", {
      kubeconfig: next.kubeconfig("publisher"),
      formerIssuers: [former],
    });
    const restore = ["restore", backup, "-f", after.config, "--identity", identity, "--yes", ...route];
    const said = await done(...restore, "--key", old);
    assert.match(said, /start it once with --accept-keys/u);
    const held = await after.serve();
    await until("its keys are held back", () => /none of the keys that are published/u.test(held.log()), {
      detail: held.log,
    });
    await publishes([old]);
    await held.close();
    const accepting = await after.serve("--accept-keys");
    await publishes([old, fresh]);
    await accepting.close();
    // Once is enough.
    await after.serve();
    await publishes([old, fresh]);
  });
});
