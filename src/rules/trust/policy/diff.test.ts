import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { diffPolicies } from "../index.ts";
import type { PolicyDocument, Statement } from "../language/document.ts";

const read: Statement = {
  effect: "Allow",
  actions: ["ssm:GetParameter", "ssm:GetParameters"],
  resources: ["*"],
  conditions: [{ operator: "StringEquals", key: "x:a", values: ["1"] }],
};

function policy(...statements: Statement[]): PolicyDocument {
  return { version: "2012-10-17", statements };
}

function messages(before: PolicyDocument, after: PolicyDocument): readonly string[] {
  return diffPolicies(before, after).map((one) => `${one.kind} ${one.message}`);
}

describe("the difference of two policies", () => {
  test("order and writing do not count", () => {
    const other = { ...read, actions: ["SSM:GetParameters", "ssm:GetParameter", "ssm:GetParameter"] };
    assert.deepEqual(messages(policy(read), policy(other)), []);
    const deny: Statement = { ...read, effect: "Deny" };
    assert.deepEqual(messages(policy(read, deny), policy(deny, read)), []);
  });

  test("each field says what came and what went", () => {
    const after: Statement = {
      effect: "Deny",
      principals: { AWS: ["*"] },
      notPrincipals: { Service: ["s"] },
      actions: ["ssm:GetParameter", "ssm:PutParameter"],
      notResources: ["arn:aws:s3:::b"],
      conditions: [
        { operator: "StringEquals", key: "x:a", values: ["2"] },
        { operator: "Null", key: "x:b", values: [] },
      ],
    };
    assert.deepEqual(messages(policy(read), policy(after)), [
      "changed statement 1 Effect: + Deny, - Allow",
      "changed statement 1 Action: + ssm:PutParameter, - ssm:GetParameters",
      "removed statement 1 Resource: - *",
      "changed statement 1 Condition StringEquals x:a: + 2, - 1",
      "added statement 1 Principal AWS: + *",
      "added statement 1 NotPrincipal Service: + s",
      "added statement 1 NotResource: + arn:aws:s3:::b",
      "added statement 1 Condition Null x:b: + (nothing)",
    ]);
  });

  test("* by itself is any principal, and another than every principal of AWS", () => {
    const everybody: Statement = { ...read, principals: { "*": ["*"] } };
    const everyAws: Statement = { ...read, principals: { AWS: ["*"] } };
    assert.deepEqual(messages(policy(everyAws), policy(everybody)), [
      "removed statement 1 Principal AWS: - *",
      "added statement 1 Principal: + *",
    ]);
  });

  test("statements are found again by Sid, then by content, then by place", () => {
    const a: Statement = { ...read, sid: "A" };
    const b: Statement = { ...read, sid: "B", notActions: ["iam:*"], actions: ["s3:*"] };
    assert.deepEqual(messages(policy(a, b), policy({ ...b, effect: "Deny" }, a)), [
      'changed statement "B" Effect: + Deny, - Allow',
    ]);
    assert.deepEqual(messages(policy(read), policy({ ...read, effect: "Deny" }, read)), [
      "added statement 1: + Effect Deny, + Action ssm:GetParameter | ssm:GetParameters, + Resource *, + Condition StringEquals x:a 1",
    ]);
    assert.deepEqual(messages(policy(read), policy(a)), ["added statement 1 Sid: + A"]);
    assert.deepEqual(messages(policy(a), policy(read)), ['removed statement "A" Sid: - A']);
  });

  test("statements that are new or gone are shown whole; Version and Id too", () => {
    const a: Statement = { effect: "Allow", sid: "A", notActions: ["iam:*"], conditions: [] };
    const b: Statement = { effect: "Deny", sid: "B", actions: ["*"], conditions: [] };
    assert.deepEqual(messages({ ...policy(a), id: "x" }, { version: "2008-10-17", statements: [b] }), [
      "changed Version: + 2008-10-17, - 2012-10-17",
      "removed Id: - x",
      'removed statement "A": - Effect Allow, - NotAction iam:*',
      'added statement "B": + Effect Deny, + Action *',
    ]);
  });
});
