/** A trust goes once nothing is allowed by it any more: also not to roles whose bindings are gone. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { account, ssm } from "../../support/bindings/objects.ts";
import { type PassWorld, passWorld } from "../../support/bindings/pass-world.ts";

const trustKey = "AWSTrust /default";

/** A role whose binding went without its finalizer, and the trust that grants it. */
async function leftBehind(t: TestContext): Promise<PassWorld> {
  const world = await passWorld(t);
  world.trust({
    stack: "prod",
    issuer: world.sandbox.issuer.issuer,
    accounts: [{ id: account, region: "eu-central-1" }],
    grants: [{ name: "shop", namespaces: ["shop"], accounts: [account], policies: [ssm] }],
  });
  world.bind({ roles: [{ profile: "default", managed: { policies: [ssm] } }] });
  await world.pass();
  await world.trustPass();
  world.objects.delete("AWSRoleBinding shop/web");
  world.clock.move(3000);
  await world.trustPass();
  return world;
}

function deleteTrust({ objects }: PassWorld): void {
  const object = objects.get(trustKey);
  assert.ok(object !== undefined);
  assert.deepEqual(object.metadata.finalizers, ["podtrust.dev/aws"]);
  const metadata = { ...object.metadata, deletionTimestamp: "2026-11-28T00:00:00Z" };
  objects.set(trustKey, { ...object, metadata });
}

async function isClosed(world: PassWorld): Promise<boolean> {
  const role = await world.role("prod.shop.web");
  return role?.policies.length === 0 && role.boundary === "arn:aws:iam::aws:policy/AWSDenyAll";
}

describe("a trust that is deleted while a role is left of a binding that is gone", () => {
  test("goes when the role is closed, which is at once and not after the sweep's ten minutes", async (t) => {
    const world = await leftBehind(t);
    deleteTrust(world);
    assert.equal(await isClosed(world), false);
    const { againIn, events } = await world.trustPass();
    assert.equal(againIn, undefined);
    assert.match(events.map(({ message }) => message).join(), /prod\.shop\.web: closed/u);
    assert.equal(world.objects.has(trustKey), false);
    assert.equal(await isClosed(world), true);
  });

  test("stays while AWS refuses to close it, and while it does not answer who looks, also after a restart", async (t) => {
    const world = await leftBehind(t);
    deleteTrust(world);
    for (const which of ["changes", "all"]) {
      world.mishap = ({ isChange }) => (isChange || which === "all" ? "refused" : undefined);
      assert.equal((await world.trustPass()).againIn, 5000);
      assert.equal(world.objects.has(trustKey), true);
      world.clock.move(5000);
      world.restart();
    }
    world.mishap = () => undefined;
    await world.trustPass();
    assert.equal(world.objects.has(trustKey), false);
    assert.equal(await isClosed(world), true);
  });

  test("needs no finalizer any more once the role was swept", async (t) => {
    const world = await leftBehind(t);
    for (const minutes of [4, 4, 4]) {
      world.clock.move(minutes * 60_000);
      const object = world.objects.get(trustKey);
      assert.deepEqual(object?.metadata.finalizers, ["podtrust.dev/aws"]);
      await world.trustPass();
    }
    assert.equal(await world.role("prod.shop.web"), undefined);
    assert.deepEqual(world.objects.get(trustKey)?.metadata.finalizers, []);
  });
});
