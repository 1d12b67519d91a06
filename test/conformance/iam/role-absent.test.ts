import { describe, test } from "node:test";
import {
  AttachRolePolicyCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  ListRoleTagsCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
  UpdateRoleDescriptionCommand,
} from "@aws-sdk/client-iam";
import { allowAll, iamSandbox, refused, ssmReadOnly, trustPolicy } from "../../support/iam.ts";

const RoleName = "nobody";
const PolicyName = "inline";
const PolicyArn = ssmReadOnly;

describe("IAM role-absent", () => {
  test("every operation on a role that is not there says so", async (t) => {
    const { iam } = await iamSandbox(t);
    const calls = [
      iam.send(new GetRoleCommand({ RoleName })),
      iam.send(new UpdateRoleCommand({ RoleName })),
      iam.send(new UpdateRoleDescriptionCommand({ RoleName, Description: "a" })),
      iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: trustPolicy })),
      iam.send(new DeleteRoleCommand({ RoleName })),
      iam.send(new TagRoleCommand({ RoleName, Tags: [{ Key: "a", Value: "b" }] })),
      iam.send(new UntagRoleCommand({ RoleName, TagKeys: ["a"] })),
      iam.send(new ListRoleTagsCommand({ RoleName })),
      iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: allowAll })),
      iam.send(new GetRolePolicyCommand({ RoleName, PolicyName })),
      iam.send(new ListRolePoliciesCommand({ RoleName })),
      iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })),
      iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn })),
      iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })),
      iam.send(new ListAttachedRolePoliciesCommand({ RoleName })),
      iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: PolicyArn })),
      iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName })),
    ];
    await Promise.all(
      calls.map((call) => refused(call, "NoSuchEntity", "The role with name nobody cannot be found.", 404)),
    );
  });
});
