import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  GetAccountAuthorizationDetailsCommand,
  paginateGetAccountAuthorizationDetails,
  PutRolePolicyCommand,
  TagRoleCommand,
} from "@aws-sdk/client-iam";
import {
  allowAll,
  attach,
  createPolicy,
  createRole,
  iamSandbox,
  policyOf,
  refused,
  ssmReadOnly,
  trustPolicy,
} from "../../support/iam.ts";

describe("IAM account-details", () => {
  test("a role comes with tags, trust policy, inline and attached policies, and without its description", async (t) => {
    const { iam } = await iamSandbox(t);
    await createRole(iam, "demo");
    await iam.send(new TagRoleCommand({ RoleName: "demo", Tags: [{ Key: "k", Value: "v" }] }));
    await iam.send(
      new PutRolePolicyCommand({ RoleName: "demo", PolicyName: "in", PolicyDocument: allowAll }),
    );
    await attach(iam, "demo", ssmReadOnly);
    const Filter = ["Role" as const];
    const answer = await iam.send(new GetAccountAuthorizationDetailsCommand({ Filter }));
    const [role] = answer.RoleDetailList ?? [];
    assert.equal(answer.RoleDetailList?.length, 1);
    assert.deepEqual([answer.Policies, answer.UserDetailList, answer.GroupDetailList], [[], [], []]);
    assert.deepEqual(role?.Tags, [{ Key: "k", Value: "v" }]);
    assert.equal(decodeURIComponent(role?.AssumeRolePolicyDocument ?? ""), trustPolicy);
    assert.deepEqual(role?.AttachedManagedPolicies, [
      { PolicyName: "AmazonSSMReadOnlyAccess", PolicyArn: ssmReadOnly },
    ]);
    assert.deepEqual(
      role?.RolePolicyList?.map(({ PolicyName, PolicyDocument }) => [
        PolicyName,
        decodeURIComponent(PolicyDocument ?? ""),
      ]),
      [["in", allowAll]],
    );
    assert.equal("Description" in (role ?? {}), false);
  });

  test("policies come with their versions: the account's own, and of AWS's those that are attached", async (t) => {
    const { iam } = await iamSandbox(t);
    await createRole(iam, "demo");
    await createPolicy(iam, "Own");
    await attach(iam, "demo", ssmReadOnly);
    const all = await iam.send(new GetAccountAuthorizationDetailsCommand({}));
    assert.deepEqual(
      all.Policies?.map(({ PolicyName, PolicyVersionList }) => [PolicyName, PolicyVersionList?.length]),
      [
        ["Own", 1],
        ["AmazonSSMReadOnlyAccess", 1],
      ],
    );
    const own = await iam.send(new GetAccountAuthorizationDetailsCommand({ Filter: ["LocalManagedPolicy"] }));
    assert.deepEqual(
      own.Policies?.map(({ PolicyName }) => PolicyName),
      ["Own"],
    );
    assert.deepEqual(own.RoleDetailList, []);
  });

  test("account details come in pages, each entry once", async (t) => {
    const { iam } = await iamSandbox(t);
    const names = Array.from({ length: 7 }, (_, index) => `role-${index}`);
    for (const name of names) await createRole(iam, name);
    const seen: unknown[] = [];
    const pages = paginateGetAccountAuthorizationDetails({ client: iam, pageSize: 3 }, { Filter: ["Role"] });
    for await (const page of pages) seen.push(...(page.RoleDetailList ?? []).map(({ RoleName }) => RoleName));
    assert.deepEqual(seen, names);
  });

  test("account details need a right of their own, for everything; a filter that IAM does not know is refused", async (t) => {
    const { iam, assume } = await iamSandbox(t);
    await createRole(iam, "reader");
    const reading = policyOf({ Effect: "Allow", Action: ["iam:GetRole", "iam:ListRoles"], Resource: "*" });
    await iam.send(
      new PutRolePolicyCommand({ RoleName: "reader", PolicyName: "p", PolicyDocument: reading }),
    );
    const reader = await assume("reader");
    await refused(
      reader.send(new GetAccountAuthorizationDetailsCommand({})),
      "AccessDenied",
      /not authorized to perform: iam:GetAccountAuthorizationDetails on resource: \*/u,
      403,
    );
    const filter = { Filter: ["Roles" as "Role"] };
    await refused(
      iam.send(new GetAccountAuthorizationDetailsCommand(filter)),
      "ValidationError",
      /'filter'/u,
    );
  });
});
