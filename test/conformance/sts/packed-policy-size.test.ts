import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parsePolicy } from "../../../src/rules/trust/index.ts";
import { type Change, grantOf, providerUrl, refuses, trust } from "../fixture.ts";

const open = trust(
  { StringLike: { [`${providerUrl}:aud`]: "*" } },
  { actions: ["sts:AssumeRoleWithWebIdentity", "sts:SetSourceIdentity", "sts:TagSession"] },
);
const policy = JSON.stringify({
  Version: "2012-10-17",
  Statement: { Effect: "Allow", Action: "s3:*", Resource: `arn:aws:s3:::${"b".repeat(1800)}` },
});
const managedPolicy = (): ReturnType<typeof parsePolicy> => parsePolicy(policy, "identity");
const policyArns = Array.from(
  { length: 10 },
  (_, index) => `arn:aws:iam::aws:policy/AmazonSomethingReadOnlyAccess${index}`,
);

describe("STS rule packed-policy-size", () => {
  test("refuses a long session policy with ten managed ones", () =>
    refuses(
      { request: { policy, policyArns }, facts: { managedPolicy } },
      {
        rule: "packed-policy-size",
        code: "PackedPolicyTooLarge",
        text: "Packed policy consumes 107% of allotted space, please use smaller policy.",
      },
    ));

  for (const [name, change, percent] of [
    ["an empty subject", { claims: { sub: "" } }, 24],
    ["a subject of one character", { claims: { sub: "s" } }, 24],
    ["a subject of 13 characters", { claims: { sub: "s".repeat(13) } }, 25],
    ["a subject of 300 characters", { claims: { sub: "s".repeat(300) } }, 34],
    [
      "a source identity",
      { claims: { sub: "s".repeat(13), "https://aws.amazon.com/source_identity": "alice" } },
      26,
    ],
    [
      "tags, which add nothing",
      { claims: { sub: "s", "https://aws.amazon.com/tags/principal_tags/team": "shop" } },
      24,
    ],
  ] satisfies [string, Change, number][]) {
    test(`accepts ${name} and counts ${percent} %`, async () =>
      assert.equal((await grantOf({ ...change, trust: open })).packedPolicySize, percent));
  }

  test("accepts a long session policy alone", async () =>
    assert.ok((await grantOf({ request: { policy } })).packedPolicySize > 80));
});
