import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parsePolicy } from "../../../src/rules/trust/index.ts";
import { grantOf, refuses } from "../fixture.ts";

const arn = "arn:aws:iam::aws:policy/ReadOnlyAccess";
const text = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}}';
const known = parsePolicy(text, "identity");
const refusal = (unknown: string): Parameters<typeof refuses>[1] => ({
  rule: "session-policy-arns",
  code: "ValidationError",
  text: `Policy ${unknown} does not exist or is not attachable.`,
});

describe("STS rule session-policy-arns", () => {
  test("refuses a managed policy that does not exist", () => {
    const facts = { managedPolicy: (asked: string) => (asked === arn ? known : undefined) };
    const missing = "arn:aws:iam::aws:policy/Nothing";
    return refuses({ request: { policyArns: [arn, missing] }, facts }, refusal(missing));
  });

  test("refuses every PolicyArn where no managed policy is known", () =>
    refuses({ request: { policyArns: [arn] } }, refusal(arn)));

  test("limits the session by managed policies, named by their ARNs", async () => {
    const facts = { managedPolicy: () => known };
    const { sessionPolicies } = await grantOf({ request: { policyArns: [arn] }, facts });
    assert.deepEqual(sessionPolicies, [{ name: arn, document: known }]);
  });
});
