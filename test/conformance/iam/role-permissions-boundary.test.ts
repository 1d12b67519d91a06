import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  DeletePolicyCommand,
  DeleteRolePermissionsBoundaryCommand,
  GetPolicyCommand,
  GetRoleCommand,
  PutRolePermissionsBoundaryCommand,
} from "@aws-sdk/client-iam";
import { account, createPolicy, createRole, iamSandbox, refused, ssmReadOnly } from "../../support/iam.ts";

const RoleName = "demo";

describe("IAM role-permissions-boundary", () => {
  test("a boundary is set, replaced, counted and taken away", async (t) => {
    const { iam } = await iamSandbox(t);
    await createRole(iam, RoleName);
    const own = await createPolicy(iam, "Bound");
    const put = (arn: string): Promise<unknown> =>
      iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: arn }));
    await put(ssmReadOnly);
    await put(own);
    const { Role: role } = await iam.send(new GetRoleCommand({ RoleName }));
    assert.deepEqual(role?.PermissionsBoundary, {
      PermissionsBoundaryType: "Policy",
      PermissionsBoundaryArn: own,
    });
    const { Policy: policy } = await iam.send(new GetPolicyCommand({ PolicyArn: own }));
    assert.deepEqual([policy?.PermissionsBoundaryUsageCount, policy?.AttachmentCount], [1, 0]);
    await refused(
      iam.send(new DeletePolicyCommand({ PolicyArn: own })),
      "DeleteConflict",
      "Cannot delete a policy attached to entities.",
      409,
    );
    await iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }));
    assert.equal((await iam.send(new GetRoleCommand({ RoleName }))).Role?.PermissionsBoundary, undefined);
    await refused(
      iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName })),
      "NoSuchEntity",
      /permissions boundary/u,
      404,
    );
  });

  test("a boundary that does not exist is refused, on creation too", async (t) => {
    const { iam } = await iamSandbox(t);
    const arn = `arn:aws:iam::${account}:policy/absent`;
    const text = `Scope ARN: ${arn} does not exist or is not attachable.`;
    await refused(createRole(iam, RoleName, { PermissionsBoundary: arn }), "NoSuchEntity", text, 404);
    await createRole(iam, RoleName);
    await refused(
      iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: arn })),
      "NoSuchEntity",
      text,
      404,
    );
  });
});
