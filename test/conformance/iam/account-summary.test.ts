import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GetAccountSummaryCommand } from "@aws-sdk/client-iam";
import { createPolicy, createProvider, createRole, iamSandbox } from "../../support/iam.ts";

describe("IAM account-summary", () => {
  test("the summary counts what is there, beside what may be", async (t) => {
    const { iam } = await iamSandbox(t);
    await createProvider(iam);
    await createRole(iam, "a");
    await createRole(iam, "b");
    await createPolicy(iam, "Own");
    const { SummaryMap: summary } = await iam.send(new GetAccountSummaryCommand({}));
    assert.equal(summary?.Providers, 1);
    assert.equal(summary?.Roles, 2);
    assert.equal(summary?.RolesQuota, 1000);
    assert.equal(summary?.Policies, 1);
    assert.equal(summary?.PolicyVersionsInUse, 1);
    assert.equal(summary?.AssumeRolePolicySizeQuota, 2048);
  });
});
