import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  DeleteRolePolicyCommand,
  GetRolePolicyCommand,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { allowAll, createRole, iamSandbox, policyOf, refused } from "../../support/iam.ts";

const RoleName = "demo";

describe("IAM role-inline-policies", () => {
  test("inline policies are put, replaced, read, listed by name and deleted", async (t) => {
    const { iam } = await iamSandbox(t);
    await createRole(iam, RoleName);
    const put = (PolicyName: string, PolicyDocument: string): Promise<unknown> =>
      iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
    await put("b", "{}").catch(() => undefined);
    await put("b", allowAll);
    await put("a", allowAll);
    const other = policyOf({ Effect: "Deny", Action: "*", Resource: "*" });
    await put("b", other);
    const got = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: "b" }));
    assert.deepEqual([got.RoleName, got.PolicyName], [RoleName, "b"]);
    assert.equal(decodeURIComponent(got.PolicyDocument ?? ""), other);
    assert.deepEqual((await iam.send(new ListRolePoliciesCommand({ RoleName }))).PolicyNames, ["a", "b"]);
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: "b" }));
    const absent = "The role policy with name b cannot be found.";
    await refused(
      iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: "b" })),
      "NoSuchEntity",
      absent,
      404,
    );
    await refused(
      iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: "b" })),
      "NoSuchEntity",
      absent,
      404,
    );
  });

  test("an inline policy that IAM's grammar does not know is refused", async (t) => {
    const { iam } = await iamSandbox(t);
    await createRole(iam, RoleName);
    for (const document of ["{", policyOf({ Effect: "Allow", Action: "*" }), policyOf({ Effect: "allow" })]) {
      await refused(
        iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "p", PolicyDocument: document })),
        "MalformedPolicyDocument",
        /./u,
      );
    }
    assert.deepEqual((await iam.send(new ListRolePoliciesCommand({ RoleName }))).PolicyNames, []);
  });

  test("all inline policies of a role together have 10,240 characters", async (t) => {
    const { iam } = await iamSandbox(t);
    await createRole(iam, RoleName);
    const long = (count: number): string =>
      policyOf({ Effect: "Allow", Action: "s3:GetObject", Resource: `arn:aws:s3:::${"a".repeat(count)}` });
    const base = long(0).length;
    const put = (PolicyName: string, size: number): Promise<unknown> =>
      iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: long(size - base) }));
    await put("a", 6000);
    await put("b", 4240);
    await refused(
      put("b", 4241),
      "LimitExceeded",
      "Maximum policy size of 10240 bytes exceeded for role demo",
      409,
    );
  });
});
