/** What a binding costs at AWS and the API server while it is made, and while nothing happens. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import type { KubernetesObject } from "../../../src/providers/kubernetes/index.ts";
import { account, ssm } from "../../support/bindings/objects.ts";
import { type PassWorld, passWorld, readyOf } from "../../support/bindings/pass-world.ts";

const key = "AWSRoleBinding shop/web";

/** A binding of one role, and the grant for it; nothing was done yet. */
async function granted(t: TestContext): Promise<PassWorld> {
  const world = await passWorld(t);
  world.grants({ name: "shop", namespaces: ["shop"], accounts: [account], policies: [ssm] });
  world.bind({ roles: [{ profile: "default", managed: { policies: [ssm] } }] });
  return world;
}

/** How often the account was looked at. */
const looks = ({ calls }: PassWorld): number =>
  calls.filter(({ action }) => action === "GetAccountAuthorizationDetails").length;

describe("a binding that is made", () => {
  test("is Ready with one look at its account: its second pass judges nothing anew", async (t) => {
    const world = await granted(t);
    assert.equal(readyOf(await world.pass()), "Unknown RolePending");
    world.clock.move(8000);
    assert.equal(readyOf(await world.pass()), "True StsAccepted");
    assert.equal(looks(world), 1);
  });

  test("has a fresh look at its account if its trust was changed since its first pass", async (t) => {
    const world = await granted(t);
    await world.pass();
    world.grants({ name: "other", namespaces: ["shop"], accounts: [account], policies: [ssm] });
    world.clock.move(8000);
    await world.pass();
    assert.equal(looks(world), 2);
  });

  test("reports no drift where the process ended before the role had its policies", async (t) => {
    const world = await granted(t);
    let announced: KubernetesObject | undefined;
    world.mishap = ({ action }) => {
      if (action !== "AttachRolePolicy") return undefined;
      announced = world.objects.get(key);
      return "refused";
    };
    await world.pass();
    assert.ok(announced !== undefined);
    // What the process would have written next was never written.
    world.objects.set(key, announced);
    world.mishap = () => undefined;
    world.restart();
    const { changes, events } = await world.pass();
    assert.deepEqual(
      [changes.map(({ kind }) => kind), events.map(({ reason }) => reason)],
      [["update"], ["StsAccepted"]],
    );
  });
});
