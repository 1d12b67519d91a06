import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CreateRoleCommand, GetRoleCommand, ListRolesCommand } from "@aws-sdk/client-iam";
import { account, allowAll, createPolicy, createRole, iamSandbox, trustPolicy } from "../../support/iam.ts";

describe("IAM role-answer", () => {
  test("Create, Get and List give the members that AWS gives, and no others", async (t) => {
    const { iam } = await iamSandbox(t);
    const boundary = await createPolicy(iam, "Bound", allowAll);
    const created = await iam.send(
      new CreateRoleCommand({
        RoleName: "demo",
        Path: "/a/b/",
        AssumeRolePolicyDocument: trustPolicy,
        Description: "what it is for",
        MaxSessionDuration: 7200,
        PermissionsBoundary: boundary,
        Tags: [
          { Key: "b", Value: "1" },
          { Key: "a", Value: "2" },
        ],
      }),
    );
    const common = {
      Path: "/a/b/",
      RoleName: "demo",
      RoleId: created.Role?.RoleId,
      Arn: `arn:aws:iam::${account}:role/a/b/demo`,
      CreateDate: created.Role?.CreateDate,
      Description: "what it is for",
    };
    assert.match(common.RoleId ?? "", /^AROA[A-Z0-9]{17}$/u);
    const bound = { PermissionsBoundaryType: "Policy", PermissionsBoundaryArn: boundary };
    const { AssumeRolePolicyDocument: text, ...rest } = created.Role ?? {};
    assert.equal(decodeURIComponent(text ?? ""), trustPolicy);
    assert.deepEqual(rest, {
      ...common,
      PermissionsBoundary: bound,
      Tags: [
        { Key: "b", Value: "1" },
        { Key: "a", Value: "2" },
      ],
    });
    const { Role: got } = await iam.send(new GetRoleCommand({ RoleName: "demo" }));
    assert.deepEqual(got, {
      ...common,
      AssumeRolePolicyDocument: text,
      MaxSessionDuration: 7200,
      PermissionsBoundary: bound,
      Tags: [
        { Key: "a", Value: "2" },
        { Key: "b", Value: "1" },
      ],
      RoleLastUsed: {},
    });
    const { Roles: listed, IsTruncated: more } = await iam.send(new ListRolesCommand({ PathPrefix: "/a/" }));
    assert.deepEqual(listed, [{ ...common, AssumeRolePolicyDocument: text, MaxSessionDuration: 7200 }]);
    assert.equal(more, false);
    assert.deepEqual((await iam.send(new ListRolesCommand({ PathPrefix: "/b/" }))).Roles, []);
  });

  test("documents come percent-encoded, so that what looks encoded inside them stays", async (t) => {
    const { iam } = await iamSandbox(t);
    const document = trustPolicy.replace(
      '"Action"',
      '"Condition":{"StringEquals":{"aws:SourceArn":"arn%3Aaws%3A(x)*"}},"Action"',
    );
    await createRole(iam, "demo", { AssumeRolePolicyDocument: document });
    const { Role: role } = await iam.send(new GetRoleCommand({ RoleName: "demo" }));
    assert.doesNotMatch(role?.AssumeRolePolicyDocument ?? "", /[{"'()*! ]/u);
    assert.equal(decodeURIComponent(role?.AssumeRolePolicyDocument ?? ""), document);
  });
});
