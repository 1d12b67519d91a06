import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { cacheMs, CutError, RotationCluster } from "../../../test/support/rotation-cluster.ts";
import { PodtrustError } from "../../core/base/index.ts";
import { type KeySources, taintedKeys, type TheftProgress } from "../../rules/rotation/index.ts";
import { TheftsRecord } from "../record/index.ts";
import { beginTheft, endTheft, type EndTheftDeps } from "./index.ts";

const { signal } = new AbortController();

/**
 * Who has the signing key and the one prepared beside it. At each step he forges tokens by both, shows them to each API server, and
 * where one takes them asks that for a token of a day's life: by what signs there.
 */
class Thief {
  readonly world: RotationCluster;
  readonly keys: readonly string[];
  readonly fetched: string[] = [];

  constructor(world: RotationCluster, keys: readonly string[]) {
    this.world = world;
    this.keys = keys;
    const { tick } = world.clock;
    world.clock.tick = async () => {
      this.tries();
      await tick();
    };
  }

  /** The API servers that let him in. */
  tries(): readonly string[] {
    const { servers } = this.world;
    return servers.flatMap((server) => {
      const isIn = !server.isAway() && this.keys.some((kid) => server.takes(this.world.forged(kid)));
      if (isIn) this.fetched.push(this.world.token(server, 86_400_000));
      return isIn ? [server.name] : [];
    });
  }

  /** All that he has at a relying party, by now. */
  async assumes(): Promise<boolean> {
    const own = this.keys.map((kid) => this.world.forged(kid));
    for (const token of [...own, ...this.fetched]) if (await this.world.assumes(token)) return true;
    return false;
  }
}

interface Night {
  readonly world: RotationCluster;
  readonly thief: Thief;
  readonly stolen: string;
  /** Whether relying parties are closed. */
  closed: boolean;
  /** What the command begins with. */
  readonly progress: TheftProgress;
}

/** A cluster with a next key beside the one that signs, of which a thief has both. */
async function night(t: TestContext, names: readonly string[]): Promise<Night> {
  const world = await RotationCluster.start(names);
  t.after(() => world.close());
  await world.rotation().prepare("ES256");
  const [first] = world.servers;
  assert.ok(first !== undefined);
  const [stolen = "", spare = ""] = first.running.verify;
  const thief = new Thief(world, [stolen, spare]);
  thief.tries();
  assert.equal(await thief.assumes(), true);
  const progress = beginTheft(await sourcesOf(world), stolen);
  return { world, thief, stolen, closed: false, progress };
}

async function sourcesOf(world: RotationCluster): Promise<KeySources> {
  const { facts } = await world.rotation().look();
  return facts;
}

const depsOf = (one: Night, more: Partial<EndTheftDeps> = {}): EndTheftDeps => ({
  servers: one.world.servers,
  algorithm: "ES256",
  clock: one.world.clock,
  signal,
  close: async () => {
    one.world.mayBeCut();
    one.closed = true;
    return Promise.resolve();
  },
  replace: async ({ fresh, tainted }) => {
    one.world.replace(
      fresh.kid,
      tainted.map(({ kid }) => kid),
    );
    return Promise.resolve();
  },
  onWithdrawn: async () => Promise.resolve(),
  published: (until) => one.world.sights(until),
  keep: (progress) => new TheftsRecord(one.world.servers).keep(progress, signal),
  onStep: (text) => one.world.steps.push(text),
  onWait: () => {},
  ...more,
});

/** What any machine finds out from the servers, or what the first command begins with. */
async function known({ world, progress }: Night): Promise<TheftProgress> {
  const [theft = progress] = (await new TheftsRecord(world.servers).read(signal)).thefts;
  return theft;
}

/** What holds after the answer: nothing that the thief made or fetched is taken by anybody. */
async function isOver({ world, thief }: Night): Promise<void> {
  assert.deepEqual(thief.tries(), []);
  await world.clock.sleep(2 * cacheMs + 5000);
  assert.equal(await thief.assumes(), false);
  assert.equal(await world.assumes(world.token()), true, "the cluster's own token is refused");
  for (const server of world.servers) {
    const { keys } = await server.look();
    assert.deepEqual([keys.verifies.length, keys.files.privates], [1, keys.verifies]);
  }
}

describe("a theft is over after its answer, whatever the thief asked for meanwhile", () => {
  for (const names of [["a"], ["a", "b"], ["a", "b", "c"]])
    test(`with ${names.length} API servers: nothing that he forges or fetched is taken by an API server or STS`, async (t) => {
      const one = await night(t, names);
      const done = await endTheft(depsOf(one), await sourcesOf(one.world), one.progress);
      assert.deepEqual(
        Object.values(done.servers),
        names.map(() => "tokens"),
      );
      assert.deepEqual(
        done.tainted.map(({ why }) => why),
        ["stolen", "beside"],
      );
      await isOver(one);
    });

  test("with 3 servers of k3s' form, whose one list in the datastore any start takes, of which one starts in the middle", async (t) => {
    const one = await night(t, ["a", "b", "c"]);
    const { world } = one;
    const [first, , last] = world.servers;
    assert.ok(first !== undefined && last !== undefined);
    world.stored = first.files;
    const stores: unknown[] = [];
    const deps = depsOf(one, {
      onStep(text) {
        stores.push(world.stored);
        // A machine is rebooted by its owner after the first server's proof.
        if (text.startsWith("a: signs")) last.restart();
      },
    });
    await endTheft(deps, await sourcesOf(world), one.progress);
    const [fresh = ""] = first.running.verify;
    // No list but those two was ever there.
    const lists = new Set(stores.map((list) => JSON.stringify(list)));
    assert.equal(lists.size, 2);
    assert.deepEqual(world.stored, { verify: [fresh], signing: fresh });
    await isOver(one);
  });

  test("one server after the other where a person asks for that", async (t) => {
    const one = await night(t, ["a", "b", "c"]);
    await endTheft(depsOf(one, { oneByOne: true }), await sourcesOf(one.world), one.progress);
    const signing = one.world.steps.filter((text) => /signs with/u.test(text));
    assert.deepEqual(
      signing.slice(-3).map((text) => text[0]),
      ["a", "b", "c"],
    );
    await isOver(one);
  });

  test("cut off at each call and run again from another machine, with nothing opened and no clean key signing where he gets in", async (t) => {
    const one = await night(t, ["a", "b"]);
    const { world, thief } = one;
    const tick = world.clock.tick;
    world.clock.tick = async () => {
      const { fresh } = await known(one);
      for (const server of world.servers)
        if (server.running.signing === fresh) assert.deepEqual(server.running.verify, [fresh]);
      await tick();
    };
    let cuts = 0;
    for (let after = 0; ; after += 1) {
      world.cutAfter = Infinity;
      const sources = await sourcesOf(world);
      try {
        const from = await known(one);
        world.cutAfter = after;
        await endTheft(depsOf(one), sources, from);
        break;
      } catch (error) {
        if (!(error instanceof CutError)) throw error;
        cuts += 1;
        world.cutAfter = Infinity;
        await world.clock.sleep(10_000);
        thief.tries();
      }
    }
    world.cutAfter = Infinity;
    assert.ok(cuts > 12, String(cuts));
    assert.equal(one.closed, true);
    await isOver(one);
  });
});

describe("an answer to a theft stops, and nothing opens", () => {
  test("where the first server takes a tainted token after its restart: it goes back, and the others are untouched", async (t) => {
    const one = await night(t, ["a", "b"]);
    const [a, b] = one.world.servers;
    assert.ok(a !== undefined && b !== undefined);
    a.isStuck = true;
    const before = [a.files, b.files];
    await assert.rejects(endTheft(depsOf(one), await sourcesOf(one.world), one.progress), {
      code: "theft-unproven",
    });
    assert.deepEqual([a.files, b.files], before);
    assert.equal(one.closed, true);
    a.isStuck = false;
    await one.world.clock.sleep(10_000);
    await endTheft(depsOf(one), await sourcesOf(one.world), await known(one));
    await isOver(one);
  });

  test("where the first server of k3s' form is not shown to be through: the datastore has the list of before", async (t) => {
    const one = await night(t, ["a", "b"]);
    const [a, b] = one.world.servers;
    assert.ok(a !== undefined && b !== undefined);
    const before = a.files;
    one.world.stored = before;
    a.isStuck = true;
    await assert.rejects(endTheft(depsOf(one), await sourcesOf(one.world), one.progress), {
      code: "theft-unproven",
    });
    assert.deepEqual([one.world.stored, b.running], [before, before]);
    assert.equal(one.closed, true);
  });

  for (const form of ["kubeadm", "k3s"] as const)
    test(`with 3 servers of ${form}'s form, of which one goes away before its copies of the key end: it is named, the others are through, and the same command ends the rest`, async (t) => {
      const one = await night(t, ["a", "b", "c"]);
      const [a, b, c] = one.world.servers;
      assert.ok(a !== undefined && b !== undefined && c !== undefined);
      if (form === "k3s") one.world.stored = a.files;
      const ends = b.endKeys.bind(b);
      const gone = t.mock.method(b, "endKeys", (fresh: string) => {
        b.goes();
        return ends(fresh);
      });
      await assert.rejects(endTheft(depsOf(one), await sourcesOf(one.world), one.progress), {
        code: "ssh-unreachable",
        message: /^b /u,
      });
      gone.mock.restore();
      assert.deepEqual([a.running.verify.length, c.running], [1, a.running]);
      assert.equal(await a.heldHalf(one.stolen), undefined);
      b.returns();
      await one.world.clock.sleep(10_000);
      await endTheft(depsOf(one), await sourcesOf(one.world), await known(one));
      assert.equal(await b.heldHalf(one.stolen), undefined);
      await isOver(one);
    });

  test("for a key that nothing shows, before anything is closed", async (t) => {
    const { world } = await night(t, ["a"]);
    const sources = await sourcesOf(world);
    assert.throws(() => beginTheft(sources, "unheard-of"), PodtrustError);
    assert.deepEqual(taintedKeys(sources, "unheard-of"), []);
  });
});
