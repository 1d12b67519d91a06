import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { actionsBeyond, parsePolicy } from "../index.ts";

const policy = (...statements: readonly object[]) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: statements.map((one) => ({ Effect: "Allow", Resource: "*", ...one })),
  });

/** The actions of a policy that a boundary allows nothing of. */
function beyond(boundary: readonly object[], granted: readonly object[]): readonly string[] {
  return actionsBeyond(
    parsePolicy(policy(...boundary), "boundary"),
    parsePolicy(policy(...granted), "identity"),
  );
}

describe("a permissions boundary", () => {
  test("keeps from a role each action that it allows nothing of, once, whatever its case", () => {
    const granted = [{ Action: ["s3:Get*", "sqs:*"] }, { Action: ["sqs:*", "SSM:GetParameter"] }];
    assert.deepEqual(beyond([{ Action: "s3:*" }], granted), ["sqs:*", "SSM:GetParameter"]);
    assert.deepEqual(beyond([{ Action: ["s3:GetObject", "sqs:SendMessage", "ssm:*"] }], granted), []);
    assert.deepEqual(beyond([{ Action: "*" }], granted), []);
  });

  test("that allows all but some actions keeps those", () => {
    const granted = [{ Action: ["iam:PassRole", "s3:GetObject"] }];
    assert.deepEqual(beyond([{ NotAction: ["iam:*"] }], granted), ["iam:PassRole"]);
  });

  test("is judged by what it allows and a policy allows, not by what either denies", () => {
    const denies = { Effect: "Deny", Action: "s3:*" };
    assert.deepEqual(beyond([denies, { Action: "s3:*" }], [{ Action: "s3:*" }]), []);
    assert.deepEqual(beyond([denies], [{ Action: "s3:*" }, { Effect: "Deny", Action: "ec2:*" }]), ["s3:*"]);
  });
});
