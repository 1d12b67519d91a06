/** A pool leaves with its trust alone, and is emptied first. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { recordOf } from "../../src/core/base/index.ts";
import {
  type GoogleBindingsWorld,
  googleBindingsWorld,
  principal,
  projectNumber,
  shop,
  web,
} from "./bindings-world.ts";

const key = "GCPServiceAccountBinding shop/web";
const trustKey = "GCPTrust default";
const minute = 60_000;
const ending = { deletionTimestamp: "2026-12-01T00:00:00Z" };

/** With a binding that has its member; the policies may not be read or written once `lost` was called. */
async function bound(t: TestContext): Promise<GoogleBindingsWorld & { readonly lost: () => void }> {
  const world = await googleBindingsWorld(t);
  const reads = await world.environmentWith(["roles/iam.workloadIdentityPoolViewer"]);
  world.trust();
  world.bind({ email: web });
  await world.pass();
  await world.trustPass();
  assert.deepEqual(await world.members(), [principal]);
  return Object.assign(world, { lost: () => world.restart(reads) });
}

const statusOf = (world: GoogleBindingsWorld, of: string) => recordOf(world.objects.get(of)?.["status"]);

/** The binding goes for good, though Google lets nothing be taken out. */
async function leftBehind(t: TestContext) {
  const world = await bound(t);
  world.lost();
  world.bind({ email: web }, ending);
  await world.pass();
  world.clock.move(2 * minute);
  await world.pass();
  assert.ok(!world.objects.has(key));
  assert.deepEqual(statusOf(world, trustKey)["left"], [`${web} system:serviceaccount:shop:web`]);
  return world;
}

describe("a member that its binding left behind", () => {
  test("is taken out by an operator that began anew, ten minutes later, and leaves the trust's status then", async (t) => {
    const world = await leftBehind(t);
    world.restart();
    for (let times = 0; times < 2; times += 1) {
      await world.trustPass();
      world.clock.move(6 * minute);
    }
    assert.deepEqual(await world.members(), [principal]);
    await world.trustPass();
    assert.deepEqual(await world.members(), []);
    assert.equal(statusOf(world, trustKey)["left"], undefined);
  });

  test("keeps a trust that is deleted, over a restart, until it is out", async (t) => {
    const world = await leftBehind(t);
    world.trust({ grants: [] }, ending);
    world.lost();
    await world.trustPass();
    assert.equal(world.condition("Emptied", trustKey), "False ScopeLeaving");
    assert.match(JSON.stringify(statusOf(world, trustKey)["conditions"]), /shop-web@[^ ]* system:service/u);
    world.restart();
    await world.trustPass();
    assert.deepEqual(await world.members(), []);
    assert.ok(!world.objects.has(trustKey));
  });

  test("is waited for no more once a person says that the pool is gone", async (t) => {
    const world = await leftBehind(t);
    world.trust({ grants: [] }, ending);
    await world.trustPass();
    assert.ok(world.objects.has(trustKey));
    world.trust({}, { annotations: { "podtrust.dev/gone": `${projectNumber}/bindings` } });
    await world.trustPass();
    assert.ok(!world.objects.has(trustKey));
  });
});

test("a member that no grant allows stays in its binding's status until a look shows it gone, over a restart", async (t) => {
  const world = await bound(t);
  world.trust({ grants: [] });
  world.lost();
  await world.pass();
  assert.deepEqual(statusOf(world, key)["emails"], [web]);
  world.restart();
  await world.pass();
  assert.deepEqual([statusOf(world, key)["emails"], await world.members()], [[], []]);
});

describe("a member by a trust that is not the binding's any more", () => {
  test("is taken out before there is one in the pool of the trust that was made anew under its name", async (t) => {
    const world = await bound(t);
    world.objects.delete(trustKey);
    world.trust({ pool: "another" });
    world.restart();
    await world.pass();
    assert.deepEqual(await world.members(), []);
    assert.equal(world.condition("MemberInSync"), "False PoolProviderMissing");
  });

  test("is claimed by nobody where the binding's trust is none, and by one of the same pool where that is there", async (t) => {
    const world = await bound(t);
    world.bind({ email: web, trust: "second" });
    world.trust({ grants: [shop] }, { name: "second" });
    const looks = async (): Promise<readonly string[]> => {
      for (let times = 0; times < 4; times += 1) {
        await world.trustPass();
        world.clock.move(6 * minute);
      }
      return world.members();
    };
    assert.deepEqual(await looks(), [principal]);
    world.objects.delete("GCPTrust second");
    assert.deepEqual(await looks(), []);
  });
});

test("a binding has no member made while a person's word says that its pool is gone", async (t) => {
  const world = await googleBindingsWorld(t);
  world.trust({}, { annotations: { "podtrust.dev/gone": `${projectNumber}/bindings` } });
  world.bind({ email: web });
  await world.pass();
  assert.equal(world.condition("Granted"), "False ScopeGone");
  assert.deepEqual(await world.members(), []);
});
