import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import {
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  GetOpenIDConnectProviderCommand,
  GetRoleCommand,
} from "@aws-sdk/client-iam";
import { readRoleState } from "../../src/providers/aws/index.ts";
import { applyPlan, isEmpty, planOf } from "../../src/rules/plan/index.ts";
import { type PlannedAccount, shown, startPlannedAccount } from "./planned-account.ts";

let world: PlannedAccount;

describe("what is not ours", () => {
  beforeEach(async () => {
    world = await startPlannedAccount();
  });

  test("a role and a provider of others are refused by name, with whose they look like, and stay as they are", async (t) => {
    t.after(() => world.close());
    await world.iam.send(
      new CreateRoleCommand({
        RoleName: "demo",
        AssumeRolePolicyDocument: JSON.stringify({
          Version: "2012-10-17",
          Statement: {
            Effect: "Allow",
            Principal: { Service: "ec2.amazonaws.com" },
            Action: "sts:AssumeRole",
          },
        }),
        Tags: [{ Key: "ManagedBy", Value: "Terraform" }],
      }),
    );
    await world.iam.send(
      new CreateOpenIDConnectProviderCommand({
        Url: world.issuer.issuer,
        ClientIDList: ["theirs"],
        Tags: [{ Key: "podtrust:stack", Value: "dev" }],
      }),
    );
    const earlier = await readRoleState(world.session, "demo");
    const plan = await planOf({ desired: [world.provider(), world.role()] });
    assert.deepEqual(
      plan.refusals.map(({ code }) => code),
      ["plan-name-taken", "plan-name-taken"],
    );
    assert.match(plan.refusals[0]?.message ?? "", /podtrust stack "dev"/u);
    assert.match(plan.refusals[1]?.message ?? "", /Terraform \(tag ManagedBy\)/u);
    await assert.rejects(applyPlan(plan), { code: "plan-name-taken" });
    const down = await planOf({ desired: [world.provider(), world.role()], goal: "absent" });
    await applyPlan(down);
    assert.deepEqual(await readRoleState(world.session, "demo"), earlier);
    const provider = await world.iam.send(
      new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: world.providerArn }),
    );
    assert.deepEqual(provider.ClientIDList, ["theirs"]);
  });

  test("is taken over when asked for, keeping the role's id, and then is ours", async (t) => {
    t.after(() => world.close());
    const made = await world.iam.send(
      new CreateRoleCommand({
        RoleName: "demo",
        AssumeRolePolicyDocument: JSON.stringify({
          Version: "2012-10-17",
          Statement: {
            Effect: "Allow",
            Principal: { Service: "ec2.amazonaws.com" },
            Action: "sts:AssumeRole",
          },
        }),
      }),
    );
    const role = world.role();
    const plan = await planOf({ desired: [role], adopt: new Set([role.id]) });
    assert.deepEqual(shown(plan), [
      "update trust: trustPolicy policies tags.podtrust:format tags.podtrust:identity tags.podtrust:stack",
    ]);
    assert.deepEqual((await applyPlan(plan)).failed, []);
    assert.equal(isEmpty(await planOf({ desired: [role] })), true);
    const { Role } = await world.iam.send(new GetRoleCommand({ RoleName: "demo" }));
    assert.equal(Role?.RoleId, made.Role?.RoleId);
  });
});
