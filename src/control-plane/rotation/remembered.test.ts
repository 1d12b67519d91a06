/** What a rotation remembers lies on the servers: whoever goes on with it, and whatever becomes of the cluster's Secret. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { cacheMs, CutError, RotationCluster } from "../../../test/support/rotation-cluster.ts";
import type { Clock } from "../../core/base/index.ts";
import { newIdentity, readIdentities } from "../../core/age/index.ts";
import { emptyRecord, type RotationRecord } from "../../rules/rotation/index.ts";
import { answerTheft, theftOf } from "./index.ts";

const day = 86_400_000;

async function cluster(t: TestContext): Promise<RotationCluster> {
  const world = await RotationCluster.start();
  t.after(() => world.close());
  return world;
}

/** One whose next key may sign by now. */
async function prepared(t: TestContext): Promise<RotationCluster> {
  const world = await cluster(t);
  await world.rotation().prepare("ES256");
  await world.clock.sleep(3 * cacheMs);
  return world;
}

/** Cuts a promotion off when the first API server signs with the new key. */
async function halfPromoted(t: TestContext): Promise<RotationCluster> {
  const world = await prepared(t);
  for (let after = 8; signers(world).size === 1; after += 1) {
    world.cutAfter = after;
    await assert.rejects(world.rotation().promote(), CutError);
    world.cutAfter = Infinity;
    await world.clock.sleep(10_000);
  }
  return world;
}

const signers = (world: RotationCluster): Set<string> =>
  new Set(world.servers.map(({ running }) => running.signing));

/** A laptop whose clock is ahead of the servers', or behind them. */
const laptop = (world: RotationCluster, aheadMs: number): Clock => ({
  now: () => world.clock.now() + aheadMs,
  elapsed: () => world.clock.elapsed(),
  sleep: (ms, signal) => world.clock.sleep(ms, signal),
});

/** The Secret as a podtrust of 282057bf left it. */
function secretOf(world: RotationCluster, record: RotationRecord): void {
  world.secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "podtrust-rotation", namespace: "kube-system" },
    data: { "record.json": Buffer.from(JSON.stringify(record)).toString("base64") },
  };
}

function assertOne(world: RotationCluster, algorithm: string): void {
  const [kid = ""] = signers(world);
  assert.equal(signers(world).size, 1);
  assert.equal(world.key(kid).jwk.alg, algorithm);
  assert.deepEqual(world.refused, []);
}

describe("a promotion that was cut off half-way goes on", () => {
  test("by a second administrator, whose clock is two days behind", async (t) => {
    const world = await halfPromoted(t);
    await world.rotation({ clock: laptop(world, -2 * day) }).promote();
    assertOne(world, "ES256");
  });

  test("after the cluster's Secret was deleted, and after etcd was restored to one of before", async (t) => {
    const world = await halfPromoted(t);
    secretOf(world, emptyRecord);
    const { record } = (await world.rotation().look()).facts;
    assert.ok(record.next !== undefined && record.before !== undefined);
    world.secret = undefined;
    await world.rotation().promote();
    assertOne(world, "ES256");
  });

  test("back too, to the key that signed before", async (t) => {
    const world = await halfPromoted(t);
    world.secret = undefined;
    await world.rotation().abort();
    assertOne(world, "RS256");
  });
});

describe("two commands at once, from two laptops", () => {
  /** Both to their end; the errors that a person read. */
  async function both(...moves: readonly (() => Promise<unknown>)[]): Promise<readonly string[]> {
    const ends = await Promise.allSettled(moves.map((move) => move()));
    return ends.flatMap((end) => (end.status === "rejected" ? [(end.reason as { code: string }).code] : []));
  }
  const known = (codes: readonly string[]): void => {
    for (const code of codes) assert.match(code, /^(?:rotation|server|cluster)-/u);
  };

  test("prepare makes keys of which one signs in the end, and every server has it", async (t) => {
    const world = await cluster(t);
    known(await both(...[0, 1].map(() => () => world.rotation().prepare("ES256"))));
    await world.rotation().prepare("ES256");
    await world.clock.sleep(3 * cacheMs);
    await world.rotation().promote();
    assertOne(world, "ES256");
  });

  test("promote signs with the next key on every server, and no token is refused", async (t) => {
    const world = await prepared(t);
    known(await both(...[0, 1].map(() => () => world.rotation().promote())));
    await world.rotation().promote();
    assertOne(world, "ES256");
  });

  test("promote beside abort leaves servers that one more abort brings back, and no token is refused", async (t) => {
    const world = await prepared(t);
    known(
      await both(
        () => world.rotation().promote(),
        () => world.rotation().abort(),
      ),
    );
    await world.rotation().abort();
    assertOne(world, "RS256");
  });
});

describe("a machine that was made anew in the middle of a rotation", () => {
  test("has from the others what it lacks, its copy of the record and the next key's public half", async (t) => {
    const world = await prepared(t);
    const [a, b] = world.servers;
    assert.ok(a !== undefined && b !== undefined);
    await b.remade(a);
    await world.clock.sleep(10_000);
    await assert.rejects(world.rotation().promote(), {
      code: "rotation-refused",
      message: /private half of .* is not on b/u,
    });
    assert.equal(b.record.text, a.record.text);
    assert.deepEqual(b.record.halves, a.record.halves);
    await world.rotation().prepare("ES256");
    await world.rotation().promote();
    assertOne(world, "ES256");
  });

  test("has the file of an encrypted next key from the others", async (t) => {
    const world = await cluster(t);
    const { identity, recipient } = newIdentity();
    await world.rotation().prepare("ES256", [recipient]);
    await world.clock.sleep(3 * cacheMs);
    const [a, b] = world.servers;
    assert.ok(a !== undefined && b !== undefined);
    await a.remade(b);
    await world.clock.sleep(10_000);
    await world.rotation({ identities: readIdentities(identity) }).promote();
    assertOne(world, "ES256");
    // Nothing of it is left beside the record once it signs.
    assert.deepEqual([...a.record.halves, ...b.record.halves], []);
  });
});

describe("where every server has lost what it remembered", () => {
  test("half of a promotion is said to be unknown, and abort leads out of it", async (t) => {
    const world = await halfPromoted(t);
    for (const { record } of world.servers) record.empty();
    world.secret = undefined;
    const { notes } = await world.rotation().look();
    assert.match(notes.join("\n"), /no server remembers a rotation: whether one was under way is not known/u);
    await assert.rejects(world.rotation().prepare("ES256"), {
      code: "rotation-refused",
      next: /podtrust rotate abort/u,
    });
    await world.rotation().abort();
    assert.equal(signers(world).size, 1);
    await world.rotation().prepare("ES256");
    await world.clock.sleep(3 * cacheMs);
    await world.rotation().promote();
    assert.deepEqual(world.refused, []);
  });
});

test("a look says what is to be known of a server's unit, beside what it remembers", async (t) => {
  const world = await prepared(t);
  const [server = assert.fail()] = world.servers;
  const look = server.look.bind(server);
  const note = `${server.name}: k3s.service gives service-account-issuer=https://old.example.com`;
  t.mock.method(server, "look", async () => ({ ...(await look()), note }));
  assert.deepEqual((await world.rotation().look()).notes, [note]);
});

describe("a record that 282057bf kept in the cluster", () => {
  test("is moved to the servers once, with the keys that the machines have and every wait anew", async (t) => {
    const world = await prepared(t);
    const { record } = (await world.rotation().look()).facts;
    for (const server of world.servers) server.record.empty();
    secretOf(world, record);
    const view = await world.rotation().look();
    assert.equal(view.facts.record.next, record.next);
    assert.match(
      view.notes.join("\n"),
      new RegExp(`on the servers from now on.*next key is ${record.next}`, "u"),
    );
    await assert.rejects(world.rotation().promote(), {
      code: "rotation-refused",
      message: /everywhere since/u,
    });
    // Once: what comes back into the cluster later is not looked at.
    secretOf(world, { ...record, next: "another" });
    await world.clock.sleep(3 * cacheMs);
    await world.rotation().promote();
    assertOne(world, "ES256");
  });

  test("goes on where its promotion was half done, and back", async (t) => {
    const world = await halfPromoted(t);
    const { record } = (await world.rotation().look()).facts;
    for (const server of world.servers) server.record.empty();
    secretOf(world, record);
    await world.rotation().abort();
    assertOne(world, "RS256");
  });
});

describe("the waits of a rotation are by the servers' clocks", () => {
  test("so that a laptop which is a month ahead promotes nothing and finishes nothing too early", async (t) => {
    const world = await cluster(t);
    const clock = laptop(world, 30 * day);
    await world.rotation({ clock }).prepare("ES256");
    await assert.rejects(world.rotation({ clock }).promote(), {
      code: "rotation-refused",
      message: /too|only/u,
    });
    await world.clock.sleep(3 * cacheMs);
    await world.rotation({ clock }).promote();
    await assert.rejects(world.rotation({ clock }).finishPublication(), {
      code: "rotation-refused",
      message: /a token of .* may be in use for/u,
    });
    assertOne(world, "ES256");
  });
});

describe("where nothing can be written on a machine", () => {
  test("a move is refused, and changes no server", async (t) => {
    const world = await prepared(t);
    const files = world.servers.map((server) => server.files);
    for (const { record } of world.servers) record.isFull = true;
    await assert.rejects(world.rotation().promote(), { message: /no space is left/u });
    assert.deepEqual(
      world.servers.map((server) => server.files),
      files,
    );
  });

  test("the answer to a theft goes on, and says so", async (t) => {
    const world = await cluster(t);
    const { identity, recipient } = newIdentity();
    await world.rotation().prepare("ES256", [recipient]);
    await world.clock.sleep(3 * cacheMs);
    const [stolen = ""] = signers(world);
    for (const { record } of world.servers) record.isFull = true;
    const said: string[] = [];
    const identities = readIdentities(identity);
    const rotation = world.rotation({ identities, onUnkept: (why) => said.push(why) });
    const theft = theftOf(await rotation.look(), stolen);
    assert.equal(theft.answer.way, "promote");
    world.lost.add(stolen);
    await answerTheft(rotation, theft, false);
    assertOne(world, "ES256");
    assert.match(said.join("\n"), /no space is left/u);
    assert.equal(signers(world).has(stolen), false);
  });
});
