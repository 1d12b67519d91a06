import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inlinePolicyQuota, managedPolicyQuota, policySize, trustQuota } from "./quota.ts";

describe("the quota of a policy's size", () => {
  test("white space does not count", () => {
    assert.equal(policySize('{ "a":\n\t"b c" }'), '{"a":"bc"}'.length);
  });

  test("a trust policy of 2048 characters fits, one more does not, unless the account has more", () => {
    assert.equal(trustQuota(`${"x".repeat(2048)}\n\n`), undefined);
    assert.deepEqual(trustQuota("x".repeat(2049)), {
      code: "LimitExceeded",
      status: 409,
      message: "Cannot exceed quota for ACLSizePerRole: 2048",
      size: 2049,
      limit: 2048,
    });
    assert.equal(trustQuota("x".repeat(8192), 8192), undefined);
    assert.equal(trustQuota("x".repeat(8193), 8192)?.message, "Cannot exceed quota for ACLSizePerRole: 8192");
  });

  test("managed and inline policies have their own limits", () => {
    assert.equal(managedPolicyQuota("x".repeat(6144)), undefined);
    assert.equal(managedPolicyQuota("x".repeat(6145))?.message, "Cannot exceed quota for PolicySize: 6144");
    assert.equal(inlinePolicyQuota(["x".repeat(5120), "x".repeat(5120)], "demo"), undefined);
    assert.equal(
      inlinePolicyQuota(["x".repeat(5120), "x".repeat(5121)], "demo")?.message,
      "Maximum policy size of 10240 bytes exceeded for role demo",
    );
  });
});
