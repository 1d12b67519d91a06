import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { GetOpenIDConnectProviderCommand } from "@aws-sdk/client-iam";
import { readRoleState, surveyAccount } from "../../src/providers/aws/index.ts";
import { applyPlan, isEmpty, planOf } from "../../src/rules/plan/index.ts";
import { account } from "../support/sandbox.ts";
import { deny, type PlannedAccount, settle, shown, startPlannedAccount } from "./planned-account.ts";
import { stackOwner } from "../support/stack-owner.ts";

let world: PlannedAccount;

async function begin(): Promise<void> {
  world = await startPlannedAccount();
}

describe("provider and role", () => {
  before(begin);
  after(() => world.close());

  test("are planned, made, and then there is nothing left to do", async () => {
    const desired = [
      world.role({
        dependsOn: [world.provider().id],
        inline: { deny: deny("ssm:GetParameter") },
        tags: { team: "a" },
        description: "demo",
      }),
      world.provider({ tags: { team: "a" } }),
    ];
    const plan = await settle(desired);
    assert.deepEqual(shown(plan), [
      "create provider: url audiences tags.podtrust:format tags.podtrust:identity tags.podtrust:stack tags.team",
      "create trust: path trustPolicy description maxSession policies inline.deny tags.podtrust:format tags.podtrust:identity tags.podtrust:stack tags.team",
    ]);
    assert.equal(isEmpty(await planOf({ desired })), true);
  });

  test("thumbprints that AWS filled in are no difference", async () => {
    const found = await world.iam.send(
      new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: world.providerArn }),
    );
    assert.equal(found.ThumbprintList?.length, 1);
    assert.equal(isEmpty(await planOf({ desired: [world.provider({ tags: { team: "a" } })] })), true);
  });

  test("a role that is no longer in the config goes, and its provider stays; upsert-only keeps both", async () => {
    const { owned } = await surveyAccount(world.session, { ...stackOwner(), account });
    const desired = [world.provider({ tags: { team: "a" } })];
    assert.equal(isEmpty(await planOf({ desired, owned, policy: "upsert-only" })), true);
    const plan = await planOf({ desired, owned });
    assert.deepEqual(shown(plan), ["delete trust: "]);
    assert.deepEqual((await applyPlan(plan)).failed, []);
    assert.equal(await readRoleState(world.session, "demo"), undefined);
    await settle([world.role()]);
  });

  test("the way down leaves nothing of ours, and a second time finds nothing", async () => {
    const { owned } = await surveyAccount(world.session, { ...stackOwner(), account });
    assert.equal(owned.length, 2);
    const plan = await planOf({ desired: [], owned, goal: "absent" });
    assert.deepEqual(
      plan.changes.map(({ kind, resource }) => `${kind} ${resource.link}`),
      ["delete trust", "delete provider"],
    );
    assert.deepEqual((await applyPlan(plan)).failed, []);
    assert.deepEqual((await surveyAccount(world.session, { ...stackOwner(), account })).owned, []);
    // Applying the same plan again is not an error: what is gone is gone.
    assert.deepEqual((await applyPlan(plan)).failed, []);
  });
});

describe("cut off", () => {
  test("with any change's answer lost, another run ends in the same place", async (t) => {
    await begin();
    t.after(() => world.close());
    const { iam } = world;
    const provider = world.provider();
    const inline = { deny: deny("ssm:GetParameter") };
    const desired = [provider, world.role({ inline, dependsOn: [provider.id] })];
    const send = iam.send.bind(iam) as (command: object, options?: object) => Promise<unknown>;
    let cuts = 0;
    for (let lost = 1; lost < 20; lost += 1) {
      const ending = new AbortController();
      let changes = 0;
      const losing = async (command: object, options?: object): Promise<unknown> => {
        const answer = await send(command, options);
        if (!/^(?:Get|List)/u.test(command.constructor.name)) changes += 1;
        if (changes < lost) return answer;
        ending.abort();
        throw new Error("the answer was lost");
      };
      Object.assign(iam, { send: losing });
      const outcome = await applyPlan(await planOf({ desired }), { signal: ending.signal });
      Object.assign(iam, { send });
      if (outcome.failed.length + outcome.skipped.length === 0) break;
      cuts += 1;
      assert.deepEqual(
        outcome.failed.map(({ error }) => error.code),
        ["interrupted"],
      );
      await settle(desired);
      assert.equal(isEmpty(await planOf({ desired })), true);
      await applyPlan(await planOf({ desired, goal: "absent" }));
    }
    // CreateOpenIDConnectProvider, CreateRole, PutRolePolicy, AttachRolePolicy.
    assert.equal(cuts, 4);
  });

  test("two runs at once do not corrupt each other", async (t) => {
    await begin();
    t.after(() => world.close());
    const desired = [world.provider(), world.role({ inline: { deny: deny("ssm:GetParameter") } })];
    const plans = await Promise.all([planOf({ desired }), planOf({ desired })]);
    await Promise.all(plans.map((plan) => applyPlan(plan)));
    await applyPlan(await planOf({ desired }));
    assert.equal(isEmpty(await planOf({ desired })), true);
  });
});
