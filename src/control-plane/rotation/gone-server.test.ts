/** A control plane machine that goes away in the middle of a move: neither its API nor SSH answers, until it was started anew. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { cacheMs, RotationCluster } from "../../../test/support/rotation-cluster.ts";
import { PodtrustError } from "../../core/base/index.ts";

const forms = {
  kubeadm: () => {},
  "k3s, whose keys are one list in the datastore": (world: RotationCluster) => {
    world.stored = world.servers[0]?.files;
  },
} as const;

interface Move {
  /** What was done before it, undisturbed. */
  readonly before: (world: RotationCluster) => Promise<unknown>;
  readonly run: (world: RotationCluster) => Promise<unknown>;
  /** What every server signs with at the end. */
  readonly signs: "ES256" | "RS256";
}

const prepared = async (world: RotationCluster): Promise<void> => {
  await world.rotation().prepare("ES256");
  await world.clock.sleep(3 * cacheMs);
};

const moves: Readonly<Record<string, Move>> = {
  prepare: { before: async () => {}, run: (world) => world.rotation().prepare("ES256"), signs: "RS256" },
  promote: { before: prepared, run: (world) => world.rotation().promote(), signs: "ES256" },
  "abort of a next key": { before: prepared, run: (world) => world.rotation().abort(), signs: "RS256" },
};

async function threeServers(t: TestContext): Promise<RotationCluster> {
  const world = await RotationCluster.start(["a", "b", "c"]);
  t.after(() => world.close());
  return world;
}

for (const [form, asForm] of Object.entries(forms))
  describe(`three servers of ${form}: one goes away`, () => {
    for (const [name, { before, run, signs }] of Object.entries(moves))
      test(`in the middle of ${name}: it is named, the first server runs with what it was given and refuses no token, and the same command again ends`, async (t) => {
        const world = await threeServers(t);
        const [a, b] = world.servers;
        assert.ok(a !== undefined && b !== undefined);
        asForm(world);
        await before(world);
        const write = a.write.bind(a);
        const given = t.mock.method(a, "write", async (...rest: Parameters<typeof write>) => {
          await write(...rest);
          b.goes();
        });
        await assert.rejects(run(world), (error: unknown) => {
          assert.ok(error instanceof PodtrustError, String(error));
          assert.match(error.code, /^(?:rotation-refused|rotation-not-settled|ssh-unreachable)$/u);
          assert.match(error.message, /\bb\b/u);
          return true;
        });
        assert.equal(given.mock.callCount(), 1);
        given.mock.restore();
        assert.deepEqual(a.running, given.mock.calls[0]?.arguments[0]);
        await world.clock.sleep(3 * cacheMs);
        b.returns();
        await world.clock.sleep(10_000);
        await run(world);
        const ended = world.servers.map(({ running }) => [running.verify.length, running.signing]);
        assert.equal(new Set(ended.map(String)).size, 1);
        assert.equal(world.key(a.running.signing).jwk.alg, signs);
        assert.deepEqual(world.refused, []);
      });
  });
