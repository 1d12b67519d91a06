import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { keyChecks } from "../../../src/rules/keys/index.ts";
import { explainWebIdentity } from "../../../src/rules/trust/index.ts";
import { attempt, grantOf, refuses } from "../fixture.ts";

const statement = { Effect: "Allow", Action: "ssm:GetParameter", Resource: "*" };
const policy = (change: object): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: { ...statement, ...change } });

describe("STS rule session-policy", () => {
  for (const [name, text, message] of [
    ["JSON that breaks off", "{", "Syntax errors in policy."],
    [
      "a bucket of another partition than the role's",
      policy({ Resource: "arn:aws-cn:s3:::b" }),
      'Partition "aws-cn" is not valid for resource "arn:aws-cn:s3:::b".',
    ],
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

  test("refuses a session policy with no JSON in the words of STS's JSON parser", async () => {
    // github.com/ansible-collections/amazon.aws, pull request 2778; the number of the reader differs from call to call.
    const decision = await attempt({ request: { policy: "invalid policy" } });
    assert.ok(decision.outcome === "refused");
    assert.equal(decision.refusal.code, "MalformedPolicyDocument");
    assert.equal(
      decision.refusal.messages["2026"].replace(/@[0-9a-f]{8};/u, "@52b5743d;"),
      "Unexpected character ('i' (code 105)): expected a valid value (number, String, array, object, 'true', 'false' or 'null')\n at [Source: java.io.StringReader@52b5743d; line: 1, column: 2]",
    );
  });

  test("explains a session policy of any partition where no role is named", () => {
    const elsewhere = policy({ Resource: "arn:aws-cn:s3:::b" });
    const facts = { request: { policy: elsewhere }, now: 0, providers: [], role: undefined };
    const report = explainWebIdentity(facts, keyChecks).find(({ rule }) => rule === "session-policy");
    assert.equal(report?.outcome, "accepted");
  });

  test("grants a session policy with the session", async () => {
    const { sessionPolicies } = await grantOf({ request: { policy: policy({}) } });
    assert.deepEqual(
      sessionPolicies.map((one) => [one.name, one.document.statements[0]?.actions]),
      [["session policy", ["ssm:GetParameter"]]],
    );
  });
});
