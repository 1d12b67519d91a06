import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DetachRolePolicyCommand, ListAttachedRolePoliciesCommand } from "@aws-sdk/client-iam";
import {
  account,
  attach,
  createPolicy,
  createRole,
  iamSandbox,
  refused,
  ssmReadOnly,
} from "../../support/iam.ts";

const RoleName = "demo";

describe("IAM role-attached-policies", () => {
  test("policies are attached, once each, listed and detached", async (t) => {
    const { iam } = await iamSandbox(t);
    await createRole(iam, RoleName);
    const own = await createPolicy(iam, "Own");
    await attach(iam, RoleName, own);
    await attach(iam, RoleName, ssmReadOnly);
    await attach(iam, RoleName, ssmReadOnly);
    const listed = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
    assert.deepEqual(listed.AttachedPolicies, [
      { PolicyName: "Own", PolicyArn: own },
      { PolicyName: "AmazonSSMReadOnlyAccess", PolicyArn: ssmReadOnly },
    ]);
    const detach = (): Promise<unknown> =>
      iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: own }));
    await detach();
    await refused(detach(), "NoSuchEntity", `Policy ${own} was not found.`, 404);
  });

  test("a text that is no ARN, and a policy that does not exist, cannot be attached", async (t) => {
    const { iam } = await iamSandbox(t);
    await createRole(iam, RoleName);
    for (const arn of [
      "AmazonSSMReadOnlyAccess",
      `arn:aws:iam::${account}:role/demo`,
      "longer than twenty letters",
    ]) {
      await refused(attach(iam, RoleName, arn), "ValidationError", "Invalid ARN:  Could not be parsed!");
    }
    for (const arn of [
      `arn:aws:iam::${account}:policy/absent`,
      "arn:aws:iam::aws:policy/AmazonNothingAccess",
      "arn:aws:iam::999988887777:policy/theirs",
    ]) {
      await refused(
        attach(iam, RoleName, arn),
        "NoSuchEntity",
        `Policy ${arn} does not exist or is not attachable.`,
        404,
      );
    }
  });

  test("a role has ten attached policies at most", async (t) => {
    const { iam } = await iamSandbox(t);
    await createRole(iam, RoleName);
    for (let index = 0; index < 10; index += 1)
      await attach(iam, RoleName, await createPolicy(iam, `P${index}`));
    await refused(
      attach(iam, RoleName, ssmReadOnly),
      "LimitExceeded",
      "Cannot exceed quota for PoliciesPerRole: 10",
      409,
    );
  });
});
