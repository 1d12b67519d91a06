/** `onDelete: Retain`: a role stays when its binding goes, lets nobody in, and has no more than a grant allows. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import type { JsonRecord } from "../../../src/core/base/index.ts";
import type { BindingOutcome } from "../../../src/operator/bindings/index.ts";
import { account } from "../../support/bindings/objects.ts";
import {
  makePolicies,
  readyOf,
  type StoredRole,
  type PassWorld,
  passWorld,
} from "../../support/bindings/pass-world.ts";

const arn = (name: string): string => `arn:aws:iam::${account}:policy/shop/${name}`;
const grant = { name: "shop", namespaces: ["shop"], accounts: [account], policies: [arn("*")], retain: true };
const role = "prod.shop.web";
const minutes = 60_000;

interface RetainWorld extends PassWorld {
  readonly bound: (managed?: JsonRecord) => Promise<BindingOutcome>;
  /** Deletes the binding, and has its last pass. */
  readonly unbind: () => Promise<BindingOutcome>;
  readonly letsIn: () => Promise<boolean>;
  /** Passes of the trust for half an hour. */
  readonly sweep: () => Promise<void>;
}

async function retainWorld(t: TestContext): Promise<RetainWorld> {
  const world = await passWorld(t);
  const statement = { Effect: "Allow", Action: "s3:*", Resource: "*" };
  await makePolicies(world.iam, { "/shop/a": statement, "/shop/b": statement });
  world.grants(grant);
  return Object.assign(world, {
    bound(managed: JsonRecord = { policies: [arn("a"), arn("b")], onDelete: "Retain" }) {
      world.bind({ roles: [{ profile: "default", managed }] });
      return world.pass();
    },
    unbind() {
      const [key, object] = [...world.objects].find(([, { kind }]) => kind === "AWSRoleBinding") ?? [];
      assert.ok(key !== undefined && object !== undefined);
      const metadata = { ...object.metadata, deletionTimestamp: "2026-11-28T00:00:00Z" };
      world.objects.set(key, { ...object, metadata });
      return world.pass();
    },
    async letsIn() {
      const token = await world.sandbox.token({ sub: "system:serviceaccount:shop:web" });
      const asked = { role: `arn:aws:iam::${account}:role/podtrust/${role}`, token };
      return world.sandbox.assume(asked).then(
        () => true,
        () => false,
      );
    },
    async sweep() {
      for (let times = 0; times < 8; times += 1) {
        world.clock.move(4 * minutes);
        await world.trustPass();
      }
    },
  });
}

const kept = ({ id, policies, tags, maxSession }: StoredRole): JsonRecord => ({
  id,
  policies,
  tags,
  maxSession,
});

describe("a role that is to stay when its binding goes", () => {
  test("keeps id, policies and tags, lets its ServiceAccount in no more, and is left by the sweep", async (t) => {
    const world = await retainWorld(t);
    await world.bound();
    const before = await world.role(role);
    assert.ok(before !== undefined && (await world.letsIn()));
    const { events } = await world.unbind();
    assert.deepEqual(
      events.map(({ type, reason }) => [type, reason]),
      [["Normal", "RoleRetained"]],
    );
    assert.equal(
      [...world.objects.values()].some(({ kind }) => kind === "AWSRoleBinding"),
      false,
    );
    const after = await world.role(role);
    assert.ok(after !== undefined);
    assert.deepEqual(kept(after), kept(before));
    assert.equal(await world.letsIn(), false);
    await world.sweep();
    assert.deepEqual(await world.role(role), after);
  });

  test("is opened again by a binding that returns, with the same id, and goes with one that says Delete", async (t) => {
    const world = await retainWorld(t);
    await world.bound();
    const { id } = (await world.role(role)) ?? {};
    await world.unbind();
    assert.match(readyOf(await world.bound({ policies: [arn("a")] })), /RoleSettling|StsAccepted/u);
    const back = await world.role(role);
    assert.deepEqual([back?.id, back?.policies], [id, [arn("a")]]);
    assert.equal(await world.letsIn(), true);
    await world.unbind();
    assert.equal(await world.role(role), undefined);
  });

  test("loses what its grant no longer allows, and everything with the grant, but not itself", async (t) => {
    const world = await retainWorld(t);
    await world.bound();
    await world.unbind();
    world.grants({ ...grant, policies: [arn("a")] });
    await world.sweep();
    assert.deepEqual((await world.role(role))?.policies, [arn("a")]);
    world.grants();
    await world.sweep();
    assert.deepEqual((await world.role(role))?.policies, []);
  });

  test("stays and is closed by the sweep where AWS did not answer while its binding went", async (t) => {
    const world = await retainWorld(t);
    await world.bound();
    world.mishap = ({ isChange }) => (isChange ? "refused" : undefined);
    await world.unbind();
    world.clock.move(2 * minutes);
    const { events } = await world.pass();
    assert.deepEqual(
      events.map(({ reason }) => reason),
      ["RoleKept"],
    );
    assert.equal(await world.letsIn(), true);
    world.mishap = () => undefined;
    await world.trustPass();
    assert.equal(await world.letsIn(), true, "a restored cluster has ten minutes to know its bindings again");
    await world.sweep();
    assert.ok((await world.role(role)) !== undefined);
    assert.equal(await world.letsIn(), false);
  });

  test("is refused where the grant does not let it stay, and goes where the grant no longer does", async (t) => {
    const world = await retainWorld(t);
    await world.bound();
    world.grants({ ...grant, retain: false });
    assert.equal(readyOf(await world.pass()), "False RetainNotGranted");
    await world.unbind();
    assert.equal(await world.role(role), undefined);
  });
});
