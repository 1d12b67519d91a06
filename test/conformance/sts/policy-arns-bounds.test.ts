import { describe, test } from "node:test";
import { parsePolicy } from "../../../src/rules/trust/index.ts";
import { accepts, refuses } from "../fixture.ts";

const arn = "arn:aws:iam::aws:policy/ReadOnlyAccess";
const all = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}';
const managedPolicy = (): ReturnType<typeof parsePolicy> => parsePolicy(all, "identity");

function refusal(value: string, constraint: string): { rule: string; code: string; text: string } {
  const text = `1 validation error detected: Value '[${value}]' at 'policyArns' failed to satisfy constraint: Member must ${constraint}`;
  return { rule: "policy-arns-bounds", code: "ValidationError", text };
}

describe("STS rule policy-arns-bounds", () => {
  test("refuses eleven PolicyArns", () => {
    const policyArns = Array.from({ length: 11 }, () => arn);
    return refuses(
      { request: { policyArns } },
      refusal(policyArns.join(", "), "have length less than or equal to 10"),
    );
  });

  test("refuses a PolicyArn of too few characters", () =>
    refuses(
      { request: { policyArns: ["policy/a"] } },
      refusal(
        "policy/a",
        "satisfy constraint: [Member must have length less than or equal to 2048, Member must have length greater than or equal to 20]",
      ),
    ));

  test("accepts ten PolicyArns", () => {
    const policyArns = Array.from({ length: 10 }, () => arn);
    return accepts({ request: { policyArns }, facts: { managedPolicy } });
  });
});
