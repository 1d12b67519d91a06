import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  DeleteInstanceProfileCommand,
  DeleteRoleCommand,
  GetAccountAuthorizationDetailsCommand,
  GetInstanceProfileCommand,
  ListInstanceProfilesCommand,
  ListInstanceProfilesForRoleCommand,
  PutRolePolicyCommand,
  RemoveRoleFromInstanceProfileCommand,
} from "@aws-sdk/client-iam";
import { account, createRole, iamSandbox, policyOf, refused } from "../../support/iam.ts";

const InstanceProfileName = "machine";

describe("IAM instance-profiles", () => {
  test("an instance profile hands out one role, and is found by it", async (t) => {
    const { iam } = await iamSandbox(t);
    await createRole(iam, "demo");
    await createRole(iam, "other");
    const { InstanceProfile: created } = await iam.send(
      new CreateInstanceProfileCommand({
        InstanceProfileName,
        Path: "/a/",
        Tags: [{ Key: "k", Value: "v" }],
      }),
    );
    assert.match(created?.InstanceProfileId ?? "", /^AIPA[A-Z0-9]{17}$/u);
    assert.equal(created?.Arn, `arn:aws:iam::${account}:instance-profile/a/machine`);
    assert.deepEqual([created?.Roles, created?.Tags], [[], [{ Key: "k", Value: "v" }]]);
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName: "demo" }));
    await refused(
      iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName: "other" })),
      "LimitExceeded",
      "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
      409,
    );
    const of = async (RoleName: string): Promise<unknown> =>
      (await iam.send(new ListInstanceProfilesForRoleCommand({ RoleName }))).InstanceProfiles?.map(
        (profile) => [profile.InstanceProfileName, profile.Roles?.map((role) => role.RoleName)],
      );
    assert.deepEqual(await of("demo"), [["machine", ["demo"]]]);
    assert.deepEqual(await of("other"), []);
    const listed = await iam.send(new ListInstanceProfilesCommand({ PathPrefix: "/b/" }));
    assert.deepEqual(listed.InstanceProfiles, []);
    const { RoleDetailList: details = [] } = await iam.send(new GetAccountAuthorizationDetailsCommand({}));
    assert.deepEqual(
      details.map(({ InstanceProfileList: profiles = [] }) => profiles.length),
      [1, 0],
    );
  });

  test("neither the profile nor its role goes while they hold one another", async (t) => {
    const { iam } = await iamSandbox(t);
    await createRole(iam, "demo");
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName }));
    const both = { InstanceProfileName, RoleName: "demo" };
    await iam.send(new AddRoleToInstanceProfileCommand(both));
    const text = "Cannot delete entity, must remove roles from instance profile first.";
    const remove = () => iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName }));
    await refused(remove(), "DeleteConflict", text, 409);
    await refused(iam.send(new DeleteRoleCommand({ RoleName: "demo" })), "DeleteConflict", text, 409);
    await iam.send(new RemoveRoleFromInstanceProfileCommand(both));
    await refused(
      iam.send(new RemoveRoleFromInstanceProfileCommand(both)),
      "NoSuchEntity",
      "The role with name demo cannot be found.",
      404,
    );
    await remove();
    await iam.send(new DeleteRoleCommand({ RoleName: "demo" }));
    await refused(
      iam.send(new GetInstanceProfileCommand({ InstanceProfileName })),
      "NoSuchEntity",
      "Instance Profile machine cannot be found.",
      404,
    );
  });

  test("a name is taken once, in whatever letters", async (t) => {
    const { iam } = await iamSandbox(t);
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName }));
    await refused(
      iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: "MACHINE" })),
      "EntityAlreadyExists",
      "Instance Profile MACHINE already exists.",
      409,
    );
  });

  test("whoever puts a role into a profile must be allowed to pass it on", async (t) => {
    const { iam, assume } = await iamSandbox(t);
    await createRole(iam, "demo");
    await createRole(iam, "maker");
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName }));
    await iam.send(
      new PutRolePolicyCommand({
        RoleName: "maker",
        PolicyName: "profiles",
        PolicyDocument: policyOf({
          Effect: "Allow",
          Action: "iam:AddRoleToInstanceProfile",
          Resource: "*",
        }),
      }),
    );
    const maker = await assume("maker");
    await refused(
      maker.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName: "demo" })),
      "AccessDenied",
      /is not authorized to perform: iam:PassRole on resource: role demo/u,
      403,
    );
  });
});
