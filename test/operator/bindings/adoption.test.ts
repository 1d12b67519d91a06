/** What a role loses that is taken over, and who may assume it until then, is shown before anything of it is changed. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { AttachRolePolicyCommand, CreateRoleCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { readBinding, readTrust } from "../../../src/rules/bindings/index.ts";
import { planBindings, rolePlans } from "../../../src/operator/bindings/index.ts";
import { account, ssm } from "../../support/bindings/objects.ts";
import { operatorRole } from "../../support/bindings/operator-session.ts";
import { type PassWorld, passWorld, readyOf } from "../../support/bindings/pass-world.ts";

const RoleName = "legacy-shop";
const legacy = `arn:aws:iam::${account}:role/${RoleName}`;
const admin = "arn:aws:iam::aws:policy/AdministratorAccess";
const document = (statement: object): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });
const shown =
  /legacy-shop is taken over: until now it may be assumed by ec2\.amazonaws\.com, and it loses \S+AdministratorAccess, inline\.own/u;

/** A role of machines, which a binding is about to take over. */
async function legacyWorld(t: TestContext): Promise<PassWorld> {
  const world = await passWorld(t);
  const trust = document({ Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" });
  await world.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
  await world.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: admin }));
  const PolicyDocument = document({ Action: "s3:*", Resource: "*" });
  await world.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "own", PolicyDocument }));
  world.trust({
    stack: "prod",
    issuer: world.sandbox.issuer.issuer,
    accounts: [{ id: account, region: "eu-central-1" }],
    grants: [
      { name: "shop", namespaces: ["shop"], accounts: [account], policies: [ssm], adoptRoles: [legacy] },
    ],
  });
  world.bind({ roles: [{ profile: "default", managed: { policies: [ssm], adopt: legacy } }] });
  return world;
}

describe("podtrust's own role", () => {
  test("is not taken over by a binding, whatever the grant names: without it the operator could do nothing", async (t) => {
    const world = await passWorld(t);
    const roles = `arn:aws:iam::${account}:role/*`;
    world.grants({
      name: "all",
      namespaces: ["shop"],
      accounts: [account],
      policies: [ssm],
      adoptRoles: [roles],
    });
    const before = await world.role(operatorRole);
    const adopt = `arn:aws:iam::${account}:role/${operatorRole}`;
    world.bind({ roles: [{ profile: "default", managed: { policies: [ssm], adopt } }] });
    const outcome = await world.pass();
    assert.equal(readyOf(outcome), "False NotOwned");
    assert.match(JSON.stringify(outcome.conditions), /role operator is podtrust's own/u);
    assert.deepEqual(world.changes(), []);
    assert.deepEqual(await world.role(operatorRole), before);
  });
});

describe("the role of another binding", () => {
  for (const [how, roleOf] of [
    ["taken over", (adopt: string) => ({ managed: { policies: [ssm], adopt } })],
    ["changed by one that names it as existing", (arn: string) => ({ existing: { arn } })],
  ] as const)
    test(`is not ${how}, whatever the grant names, and gives its ServiceAccount nothing`, async (t) => {
      const world = await passWorld(t);
      const all = [`arn:aws:iam::${account}:role/*`];
      const names = { accounts: [account], policies: [ssm], adoptRoles: all, existingRoles: all };
      world.grants({ name: "all", namespaces: ["*"], ...names });
      world.bind({ roles: [{ profile: "default", managed: { policies: [ssm] } }] }, { name: "victim" });
      await world.pass("shop", "victim");
      const before = await world.role("prod.shop.victim");
      assert.ok(before !== undefined);
      world.changes();
      const arn = `arn:aws:iam::${account}:role/podtrust/prod.shop.victim`;
      world.bind({ roles: [{ profile: "default", ...roleOf(arn) }] }, { name: "thief" });
      for (let times = 0; times < 2; times += 1) {
        assert.match(readyOf(await world.pass("shop", "thief")), /^(?:False|Unknown) /u);
        world.clock.move(600_000);
      }
      assert.deepEqual(world.changes(), []);
      assert.deepEqual(await world.role("prod.shop.victim"), before);
    });
});

describe("a role that is about to be taken over", () => {
  test("is told in the binding's status before the first change at IAM, and not once it is the binding's", async (t) => {
    const world = await legacyWorld(t);
    const granted = (): string => {
      const status = world.objects.get("AWSRoleBinding shop/web")?.["status"] as
        | { readonly conditions: readonly { readonly type: string; readonly message: string }[] }
        | undefined;
      return status?.conditions.find(({ type }) => type === "Granted")?.message ?? "";
    };
    const during: string[] = [];
    world.mishap = ({ isChange }) => {
      if (isChange) during.push(granted());
      return undefined;
    };
    await world.pass();
    assert.match(during[0] ?? "", shown);
    world.clock.move(60_000);
    await world.pass();
    assert.equal(granted(), "by grant shop of AWSTrust default");
  });

  test("is told by a plan of the files", async (t) => {
    const world = await legacyWorld(t);
    const [trust, binding] = [
      readTrust(world.objects.get("AWSTrust /default")),
      readBinding(world.objects.get("AWSRoleBinding shop/web")),
    ];
    assert.ok("object" in trust && "object" in binding);
    const set = { trusts: [trust.object], bindings: [binding.object], upsertOnly: true };
    const at = { now: world.clock.now(), signal: new AbortController().signal };
    const [plan] = await planBindings(rolePlans(world.clients.aws), set, at);
    assert.match(plan?.warnings.join() ?? "", shown);
    assert.match(plan?.warnings.join() ?? "", /^shop\/web: /u);
    assert.deepEqual(world.changes(), []);
  });
});
