import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { grantOf, refuses } from "../fixture.ts";

const statement = { Effect: "Allow", Action: "ssm:GetParameter", Resource: "*" };
const policy = (change: object): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: { ...statement, ...change } });

describe("STS rule session-policy", () => {
  for (const [name, text, message] of [
    ["no JSON", "allow everything", "Syntax errors in policy."],
    ["an effect that does not exist", policy({ Effect: "Maybe" }), "Syntax errors in policy."],
    ["no action", policy({ Action: undefined }), "Policy statement must contain actions."],
    ["no resource", policy({ Resource: undefined }), "Policy statement must contain resources."],
    ["a principal", policy({ Principal: "*" }), "Policy document should not specify a principal."],
    [
      "a resource that is no ARN",
      policy({ Resource: "bucket" }),
      'Resource bucket must be in ARN format or "*".',
    ],
  ] as const) {
    test(`refuses a session policy with ${name}`, () =>
      refuses(
        { request: { policy: text } },
        { rule: "session-policy", code: "MalformedPolicyDocument", text: message },
      ));
  }

  test("grants a session policy with the session", async () => {
    const { sessionPolicies } = await grantOf({ request: { policy: policy({}) } });
    assert.deepEqual(
      sessionPolicies.map((one) => [one.name, one.document.statements[0]?.actions]),
      [["session policy", ["ssm:GetParameter"]]],
    );
  });
});
