import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  GetPolicyCommand,
  GetPolicyVersionCommand,
  ListPoliciesCommand,
  ListPolicyVersionsCommand,
} from "@aws-sdk/client-iam";
import { awsManagedPolicies } from "../../../src/sandbox/index.ts";
import { parsePolicy } from "../../../src/rules/trust/index.ts";
import { iamSandbox, refused, ssmReadOnly } from "../../support/iam.ts";

describe("IAM aws-managed-policies", () => {
  test("AWS's own policies that are known have their documents, ids and dates", async (t) => {
    const { iam } = await iamSandbox(t);
    const { Policy: policy } = await iam.send(new GetPolicyCommand({ PolicyArn: ssmReadOnly }));
    assert.equal(policy?.PolicyId, "ANPAJODSKQGGJTHRYZ5FC");
    assert.equal(policy?.DefaultVersionId, "v1");
    assert.equal(policy?.CreateDate?.toISOString(), "2015-05-29T17:44:19.000Z");
    const { PolicyVersion: version } = await iam.send(
      new GetPolicyVersionCommand({ PolicyArn: ssmReadOnly, VersionId: "v1" }),
    );
    assert.deepEqual(JSON.parse(decodeURIComponent(version?.Document ?? "")), {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: ["ssm:Describe*", "ssm:Get*", "ssm:List*"], Resource: "*" }],
    });
    const { Versions } = await iam.send(new ListPolicyVersionsCommand({ PolicyArn: ssmReadOnly }));
    assert.deepEqual(
      Versions?.map(({ VersionId }) => VersionId),
      ["v1"],
    );
  });

  test("each of AWS's own policies that are known is a policy by the grammar, and is listed", async (t) => {
    const { iam } = await iamSandbox(t);
    for (const { document } of awsManagedPolicies.values()) {
      assert.ok(parsePolicy(document, "identity").statements.length > 0);
    }
    const { Policies } = await iam.send(new ListPoliciesCommand({ Scope: "AWS" }));
    assert.deepEqual(
      Policies?.map(({ Arn }) => Arn),
      [...awsManagedPolicies.keys()].sort(),
    );
  });

  test("an AWS policy that is not known is not found, rather than guessed", async (t) => {
    const { iam } = await iamSandbox(t);
    const arn = "arn:aws:iam::aws:policy/AmazonBedrockFullAccess";
    await refused(
      iam.send(new GetPolicyCommand({ PolicyArn: arn })),
      "NoSuchEntity",
      `Policy ${arn} was not found.`,
      404,
    );
  });
});
