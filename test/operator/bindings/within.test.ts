/** Within a grant a change of the binding brings no outage: what is new is attached before what goes is detached. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { account } from "../../support/bindings/objects.ts";
import { makePolicies, readyOf, type PassWorld, passWorld } from "../../support/bindings/pass-world.ts";

const arn = (name: string): string => `arn:aws:iam::${account}:policy${name}`;
const names = Array.from({ length: 12 }, (_, index) => `/shop/p${String(index).padStart(2, "0")}`);
const statement = { Effect: "Allow", Action: "s3:*", Resource: "*" };

async function grantWorld(t: TestContext): Promise<PassWorld> {
  const world = await passWorld(t);
  await makePolicies(world.iam, Object.fromEntries(names.map((name) => [name, statement])));
  const grant = { name: "shop", namespaces: ["shop"], accounts: [account], policies: [arn("/shop/*")] };
  world.trust({
    stack: "prod",
    issuer: world.sandbox.issuer.issuer,
    accounts: [{ id: account, region: "eu-central-1" }],
    grants: [grant],
  });
  return world;
}

/** Has a pass by which the role has these policies; gives what was attached and detached for it, in order. */
async function changed(world: PassWorld, wanted: readonly string[]): Promise<readonly string[]> {
  const policies = wanted.map(arn);
  world.bind({ roles: [{ profile: "default", managed: { policies } }] });
  world.clock.move(60_000);
  world.calls.length = 0;
  const ready = readyOf(await world.pass());
  assert.match(ready, /RolePending|RoleSettling|StsAccepted/u);
  assert.deepEqual([...((await world.role("prod.shop.web"))?.policies ?? [])].sort(), policies);
  return world.calls.flatMap(({ action, input }) => {
    const kind = { AttachRolePolicy: "+", DetachRolePolicy: "-" }[action];
    return kind === undefined ? [] : [`${kind}${String(input["PolicyArn"]).split("/").at(-1)}`];
  });
}

describe("a binding that changes within its grant", () => {
  test("has all that is new before anything goes", async (t) => {
    const world = await grantWorld(t);
    await changed(world, names.slice(0, 3));
    assert.deepEqual(await changed(world, names.slice(2, 5)), ["+p03", "+p04", "-p00", "-p01"]);
  });

  test("has one that goes taken off first only where IAM's quota has no room for what is new", async (t) => {
    const world = await grantWorld(t);
    await changed(world, names.slice(0, 10));
    const done = await changed(world, names.slice(1, 11));
    assert.deepEqual(done, ["+p10", "-p00", "+p10"]);
  });
});
