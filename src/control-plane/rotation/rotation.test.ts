import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { cacheMs, CutError, podWith, RotationCluster } from "../../../test/support/rotation-cluster.ts";
import { newIdentity, readIdentities } from "../../core/age/index.ts";
import { answerTheft, theftOf } from "./index.ts";

async function cluster(t: TestContext): Promise<RotationCluster> {
  const world = await RotationCluster.start();
  t.after(() => world.close());
  return world;
}

const day = 86_400_000;
const algorithmOf = (world: RotationCluster): readonly string[] =>
  world.servers.map(({ running }) => world.key(running.signing).jwk.alg);

describe("a rotation over two API servers, beside a relying party that keeps its set", () => {
  test("goes from RSA to ES256 with all its waits, and refuses no token at either server or at STS", async (t) => {
    const world = await cluster(t);
    const left: (number | undefined)[] = [];
    await world.clock.sleep(60_000);
    await world.rotation().run("ES256", (_move, _text, from) => left.push(from));
    assert.deepEqual(algorithmOf(world), ["ES256", "ES256"]);
    assert.deepEqual(world.refused, []);
    assert.ok(world.asked > 300, String(world.asked));
    // Two states of the next rotation stand: a next key is there, and the old one still verifies.
    assert.deepEqual(
      world.servers.map(({ running }) => running.verify.length),
      [3, 3],
    );
    assert.equal(left.length, 1);
    assert.ok(world.waits.some((reason) => /of Cache-Control/u.test(reason)));
    await world.clock.sleep(5 * 60_000);
    assert.deepEqual(world.refused, []);
  });

  test("continues in another process wherever it was interrupted, and refuses nothing", async (t) => {
    const world = await cluster(t);
    const kidsBefore = world.servers.map(({ running }) => running.signing);
    let cuts = 0;
    for (let after = 0; ; after += 1) {
      world.cutAfter = after;
      try {
        await world.rotation().run("ES256", () => {});
        break;
      } catch (error) {
        if (!(error instanceof CutError)) throw error;
        cuts += 1;
        // An API server that was starting is there again.
        await world.clock.sleep(10_000);
      }
    }
    assert.ok(cuts > 15, String(cuts));
    assert.deepEqual(algorithmOf(world), ["ES256", "ES256"]);
    assert.notDeepEqual(
      world.servers.map(({ running }) => running.signing),
      kidsBefore,
    );
    assert.deepEqual(world.refused, []);
  });

  test("goes back from halfway and from its end, and refuses nothing", async (t) => {
    const world = await cluster(t);
    const before = world.servers.map(({ running }) => running.signing);
    await world.rotation().prepare("ES256");
    await world.clock.sleep(3 * cacheMs);
    world.cutAfter = 17;
    await assert.rejects(world.rotation().promote(), CutError);
    world.cutAfter = Infinity;
    await world.clock.sleep(60_000);
    assert.notDeepEqual(algorithmOf(world), ["RS256", "RS256"]);
    await world.rotation().abort();
    assert.deepEqual(
      world.servers.map(({ running }) => running.signing),
      before,
    );
    await world.clock.sleep(60_000);
    assert.deepEqual(world.refused, []);
  });

  test("is shown refusing tokens when the new key is put first, as k3s documents", async (t) => {
    const world = await cluster(t);
    await world.clock.sleep(60_000);
    const [a, b] = world.servers;
    assert.ok(a !== undefined && b !== undefined);
    const kid = await a.makeKey("RS256");
    for (const server of [a, b]) {
      if (server === b) await b.takeKey(kid, await a.sealKey(kid, await b.recipient()));
      await server.write({ verify: [kid, ...server.files.verify], signing: kid });
      await world.clock.sleep(30_000);
    }
    const refused = world.refused.join("\n");
    assert.match(refused, /b refuses a token of /u);
    assert.match(refused, /STS refuses a token of /u);
  });

  test("refuses to promote too early, with the reason and the time, and does nothing", async (t) => {
    const world = await cluster(t);
    await assert.rejects(world.rotation().promote(), { code: "rotation-refused", message: /no next key/u });
    await world.rotation().prepare("ES256");
    await assert.rejects(world.rotation().promote(), {
      code: "rotation-refused",
      message: /a relying party may still use a set without it.*allowed from \d{4}-/u,
    });
    assert.deepEqual(algorithmOf(world), ["RS256", "RS256"]);
  });
});

describe("a rotation of a cluster in which a tenant has a pod with a token of 136 years", () => {
  const years = 4_294_967_296_000;
  const name = "tenant/p";
  const tenants = (startedAt: number) => ({ ...podWith("p", years), namespace: "tenant", startedAt });

  async function promoted(
    t: TestContext,
  ): Promise<{ readonly world: RotationCluster; readonly old: string }> {
    const world = await cluster(t);
    const old = world.servers[0]?.running.signing ?? "";
    world.pods = [...world.pods, tenants(world.clock.now())];
    await world.rotation().prepare("ES256");
    await world.rotation().promoteInTime();
    return { world, old };
  }

  test("waits for its kubelet for a day, names the pod, and takes the key out once a person gives that up", async (t) => {
    const { world, old } = await promoted(t);
    await assert.rejects(world.rotation().finishPublication(), {
      code: "rotation-refused",
      message: /may be in use for 1d8m: the longest is 1d3m, of pod tenant\/p; allowed from/u,
    });
    await world.clock.jump(day + 8 * 60_000);
    for (const accepted of [undefined, new Set(["tenant/q"]), new Set(["shop/web"])])
      await assert.rejects(world.rotation().finishPublication(undefined, accepted), {
        code: "rotation-refused",
        message: /a program of tenant\/p may have kept one, which lives until 216\d-/u,
      });
    assert.equal(await world.rotation().finishPublication(undefined, new Set([name])), old);
    assert.ok(
      world.steps.some((text) =>
        text.includes("the loss is accepted: copies of tokens that programs of tenant/p"),
      ),
    );
  });

  test("comes to the end of a run, which leaves the pod to a person", async (t) => {
    const { world } = await promoted(t);
    await world.clock.jump(day + 8 * 60_000);
    const left: string[] = [];
    await world.rotation().run("ES256", (move, text) => left.push(`${move}: ${text}`));
    assert.equal(left.length, 1);
    assert.match(left[0] ?? "", /^finish publication: .* tenant\/p .*--accept-loss NAMESPACE\/POD/u);
  });

  test("needs nobody's word once the pod was made anew, and none for one that began after the promotion", async (t) => {
    const { world, old } = await promoted(t);
    await world.clock.jump(day + 8 * 60_000);
    world.pods = [podWith("web", 240_000), tenants(world.clock.now())];
    assert.equal(await world.rotation().finishPublication(), old);
  });

  test("does not end for a Secret with a forged key ID before a person names the Secret", async (t) => {
    const { world, old } = await promoted(t);
    world.pods = [podWith("web", 240_000)];
    const forged = { namespace: "tenant", name: "s", serviceAccount: "web", lastUsed: undefined };
    world.legacy = [{ ...forged, kid: old }];
    await world.clock.jump(day);
    assert.equal(await world.rotation().finishPublication(), old);
    await assert.rejects(world.rotation().finishVerifiers(old), {
      code: "rotation-refused",
      message: /lie in Secrets and never expire: tenant\/s of ServiceAccount web/u,
    });
    assert.equal(await world.rotation().finishVerifiers(old, new Set(["tenant/s"])), old);
    assert.ok(world.servers.every(({ running }) => !running.verify.includes(old)));
  });
});

describe("a rotation to a key that a relying party of the config does not verify", () => {
  test("makes no such key, and does not promote one that was prepared before the config named it", async (t) => {
    const world = await cluster(t);
    const parties = ["aws", "azure"] as const;
    const before = [...world.keys.keys()];
    await assert.rejects(world.rotation({ parties }).prepare("ES256"), {
      code: "rotation-refused",
      message: /is for ES256, and Azure verifies RS256, RS384, RS512: it would refuse every token/u,
    });
    assert.deepEqual([...world.keys.keys()], before);
    await world.rotation().prepare("ES256");
    await world.clock.sleep(3 * cacheMs);
    await assert.rejects(world.rotation({ parties }).promote(), {
      code: "rotation-refused",
      next: /podtrust rotate abort.*--algorithm RS256/u,
    });
    assert.deepEqual(algorithmOf(world), ["RS256", "RS256"]);
    await world.rotation({ parties }).abort();
    await world.rotation({ parties }).prepare("RS256");
    await world.clock.sleep(3 * cacheMs);
    await world.rotation({ parties }).promote();
    assert.deepEqual(world.refused, []);
  });
});

test("a stolen key is replaced by an encrypted next one: no new token is refused, and the thief's are within twice the caches", async (t) => {
  const world = await cluster(t);
  const [stolen = ""] = world.servers.map(({ running }) => running.signing);
  world.pods = [podWith("web", day)];
  const { identity, recipient } = newIdentity();
  await world.rotation().prepare("ES256", [recipient]);
  await world.clock.sleep(3 * cacheMs);
  const thief = world.token();
  assert.equal(await world.assumes(thief), true);
  const rotation = world.rotation({ identities: readIdentities(identity) });
  const theft = theftOf(await rotation.look(), stolen);
  assert.deepEqual(
    theft.pods.map(({ name }) => name),
    ["web"],
  );
  assert.equal(theft.answer.way, "promote");
  world.lost.add(stolen);
  await answerTheft(rotation, theft, false);
  const distrustedAt = world.clock.now();
  assert.equal(await world.assumes(world.token()), true);
  while (await world.assumes(thief)) await world.clock.sleep(1000);
  const within = world.clock.now() - distrustedAt;
  assert.ok(within <= 2 * cacheMs + 5000, `${within} ms`);
  assert.deepEqual(world.refused, []);
});

test("a theft without a next key is reported with the cost of both choices, and nothing is done", async (t) => {
  const world = await cluster(t);
  const [stolen = ""] = world.servers.map(({ running }) => running.signing);
  const rotation = world.rotation();
  const theft = theftOf(await rotation.look(), stolen);
  await assert.rejects(answerTheft(rotation, theft, true), {
    code: "rotation-refused",
    next: /--at-once.*rotate prepare/u,
  });
  const view = await rotation.look();
  assert.throws(() => theftOf(view, "unheard-of"), { code: "rotation-key-unknown" });
  assert.equal(await world.assumes(world.token()), true);
});

describe("a next key that is encrypted to a recipient", () => {
  test("is verified and published, on no machine, and signs once its identity is given; nothing is refused", async (t) => {
    const world = await cluster(t);
    const { identity, recipient } = newIdentity();
    const identities = readIdentities(identity);
    await world.rotation().prepare("ES256", [recipient]);
    await world.clock.sleep(3 * cacheMs);
    const looks = await Promise.all(world.servers.map((server) => server.look()));
    const { record } = (await world.rotation().look()).facts;
    const { next = "" } = record;
    assert.deepEqual(
      looks.map(({ keys }) => [keys.verifies.includes(next), keys.files.privates.includes(next)]),
      [
        [true, false],
        [true, false],
      ],
    );
    assert.doesNotMatch(JSON.stringify(record), /PRIVATE/u);
    await assert.rejects(world.rotation().promote(), {
      code: "rotation-refused",
      next: /--identity FILE/u,
    });
    await assert.rejects(world.rotation({ identities: readIdentities(newIdentity().identity) }).promote(), {
      code: "age-wrong-key",
    });
    assert.deepEqual(algorithmOf(world), ["RS256", "RS256"]);
    await world.rotation({ identities }).promote();
    assert.deepEqual(algorithmOf(world), ["ES256", "ES256"]);
    assert.equal((await world.rotation().look()).facts.record.sealed, undefined);
    await world.clock.sleep(60_000);
    assert.deepEqual(world.refused, []);
  });

  test("is given up like any other", async (t) => {
    const world = await cluster(t);
    await world.rotation().prepare("RS256", [newIdentity().recipient]);
    await world.rotation().abort();
    const { record } = (await world.rotation().look()).facts;
    assert.deepEqual([record.next, record.sealed], [undefined, undefined]);
    await world.clock.sleep(60_000);
    assert.deepEqual(world.refused, []);
  });
});
