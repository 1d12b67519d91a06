import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  AddClientIDToOpenIDConnectProviderCommand,
  AttachRolePolicyCommand,
  DeleteRolePolicyCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  TagOpenIDConnectProviderCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateOpenIDConnectProviderThumbprintCommand,
  UpdateRoleCommand,
} from "@aws-sdk/client-iam";
import { readRoleState } from "../../src/providers/aws/index.ts";
import { applyPlan, isEmpty, planOf, type Resource } from "../../src/rules/plan/index.ts";
import { account } from "../support/sandbox.ts";
import {
  deny,
  type PlannedAccount,
  readOnly,
  settle,
  shown,
  startPlannedAccount,
} from "./planned-account.ts";

let world: PlannedAccount;

describe("drift", () => {
  let desired: readonly Resource[] = [];
  before(async () => {
    world = await startPlannedAccount();
    desired = [
      world.provider({ tags: { team: "a" } }),
      world.role({ inline: { deny: deny("ssm:GetParameter") }, tags: { team: "a" }, description: "demo" }),
    ];
    await settle(desired);
  });
  after(() => world.close());

  const RoleName = "demo";
  const cases: [string, () => Promise<unknown>, string][] = [
    [
      "a foreign audience",
      () =>
        world.iam.send(
          new AddClientIDToOpenIDConnectProviderCommand({
            OpenIDConnectProviderArn: world.providerArn,
            ClientID: "evil",
          }),
        ),
      "update provider: audiences",
    ],
    [
      "a missing audience",
      () =>
        world.iam.send(
          new RemoveClientIDFromOpenIDConnectProviderCommand({
            OpenIDConnectProviderArn: world.providerArn,
            ClientID: "sts.amazonaws.com",
          }),
        ),
      "update provider: audiences",
    ],
    [
      "a provider's tag",
      () =>
        world.iam.send(
          new TagOpenIDConnectProviderCommand({
            OpenIDConnectProviderArn: world.providerArn,
            Tags: [
              { Key: "team", Value: "b" },
              { Key: "x", Value: "y" },
            ],
          }),
        ),
      "update provider: tags.team tags.x",
    ],
    [
      "the trust policy",
      () =>
        world.iam.send(
          new UpdateAssumeRolePolicyCommand({
            RoleName,
            PolicyDocument: JSON.stringify({
              Version: "2012-10-17",
              Statement: {
                Effect: "Allow",
                Principal: { AWS: `arn:aws:iam::${account}:root` },
                Action: "sts:AssumeRole",
              },
            }),
          }),
        ),
      "update trust: trustPolicy",
    ],
    [
      "the description",
      () =>
        world.iam.send(new UpdateRoleCommand({ RoleName, Description: "other", MaxSessionDuration: 3600 })),
      "update trust: description",
    ],
    [
      "the longest session",
      () =>
        world.iam.send(new UpdateRoleCommand({ RoleName, Description: "demo", MaxSessionDuration: 7200 })),
      "update trust: maxSession",
    ],
    [
      "a permissions boundary",
      () =>
        world.iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: readOnly })),
      "update trust: boundary",
    ],
    [
      "an attached policy",
      () =>
        world.iam.send(
          new AttachRolePolicyCommand({ RoleName, PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess" }),
        ),
      "update trust: policies",
    ],
    [
      "an inline policy more",
      () =>
        world.iam.send(
          new PutRolePolicyCommand({ RoleName, PolicyName: "more", PolicyDocument: deny("s3:*") }),
        ),
      "update trust: inline.more",
    ],
    [
      "an inline policy changed",
      () =>
        world.iam.send(
          new PutRolePolicyCommand({ RoleName, PolicyName: "deny", PolicyDocument: deny("s3:*") }),
        ),
      "update trust: inline.deny",
    ],
    [
      "an inline policy less",
      () => world.iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: "deny" })),
      "update trust: inline.deny",
    ],
    [
      "a role's tag",
      () => world.iam.send(new TagRoleCommand({ RoleName, Tags: [{ Key: "extra", Value: "1" }] })),
      "update trust: tags.extra",
    ],
    [
      "a missing tag",
      () => world.iam.send(new UntagRoleCommand({ RoleName, TagKeys: ["team"] })),
      "update trust: tags.team",
    ],
  ];
  for (const [what, drift, change] of cases) {
    test(`${what} is found and repaired, and the role keeps its id`, async () => {
      const earlier = await readRoleState(world.session, RoleName);
      await drift();
      const plan = await planOf({ desired });
      assert.deepEqual(shown(plan), [change]);
      assert.deepEqual((await applyPlan(plan)).failed, []);
      assert.equal(isEmpty(await planOf({ desired })), true);
      assert.equal((await readRoleState(world.session, RoleName))?.id, earlier?.id);
    });
  }

  test("the same policy written in another way is no drift", async () => {
    const state = await readRoleState(world.session, RoleName);
    const document = JSON.parse(state?.trustPolicy ?? "") as { Statement: Record<string, unknown>[] };
    const rewritten = {
      Statement: document.Statement.map((one) => ({ ...one, Action: [one["Action"]].flat() })),
      Version: "2012-10-17",
    };
    await world.iam.send(
      new UpdateAssumeRolePolicyCommand({
        RoleName,
        PolicyDocument: JSON.stringify(rewritten, undefined, 4),
      }),
    );
    assert.equal(isEmpty(await planOf({ desired })), true);
  });

  test("thumbprints are set when the config has them, and then are a field like others", async () => {
    const thumbprints = ["A".repeat(40)];
    const tags = { team: "a" };
    const pinned = [world.provider({ tags, thumbprints })];
    assert.deepEqual(shown(await settle(pinned)), ["update provider: thumbprints"]);
    await world.iam.send(
      new UpdateOpenIDConnectProviderThumbprintCommand({
        OpenIDConnectProviderArn: world.providerArn,
        ThumbprintList: ["b".repeat(40)],
      }),
    );
    assert.deepEqual(shown(await settle(pinned)), ["update provider: thumbprints"]);
    assert.equal(isEmpty(await planOf({ desired: pinned })), true);
  });

  test("a boundary that the config has is set, changed back and taken away again", async () => {
    const bounded = [
      world.role({
        inline: { deny: deny("ssm:GetParameter") },
        tags: { team: "a" },
        description: "demo",
        boundary: readOnly,
      }),
    ];
    assert.deepEqual(shown(await settle(bounded)), ["update trust: boundary"]);
    assert.deepEqual(shown(await settle(desired)), ["update trust: boundary"]);
  });

  test("another path than the role has is refused, not replaced", async () => {
    const plan = await planOf({ desired: [world.role({ path: "/workloads/" })] });
    assert.equal(plan.refusals[0]?.code, "aws-role-path");
    await assert.rejects(applyPlan(plan), { code: "aws-role-path" });
  });
});
