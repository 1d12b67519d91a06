import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isReadable, policyEffects } from "../index.ts";

const policy = (...effects: readonly string[]): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: effects.map((Effect) => ({ Effect, Action: "s3:GetObject", Resource: "*" })),
  });

describe("what the statements of an identity policy do", () => {
  test("is to allow, to deny, or both", () => {
    assert.equal(policyEffects(policy("Allow", "Allow")), "allow");
    assert.equal(policyEffects(policy("Deny")), "deny");
    assert.equal(policyEffects(policy("Deny", "Allow")), "both");
  });

  test("counts as allowing where it cannot be read", () => {
    assert.equal(policyEffects(policy("Permit")), "allow");
    assert.deepEqual([isReadable(policy("Permit")), isReadable(policy("Deny"))], [false, true]);
  });
});
