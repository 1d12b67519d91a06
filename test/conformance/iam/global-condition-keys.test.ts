import { describe, test } from "node:test";
import { GetRoleCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { account, allowAll, createRole, iamSandbox, policyOf, refused } from "../../support/iam.ts";

/** A Deny of everything where this holds. */
const denies = (condition: object): string =>
  policyOf({ Effect: "Deny", Action: "*", Resource: "*", Condition: condition });

const applied: readonly [string, object][] = [
  [
    "a data perimeter by network, which leaves AWS's services out",
    { Bool: { "aws:PrincipalIsAWSService": "false" }, NotIpAddress: { "aws:SourceIp": "10.0.0.0/8" } },
  ],
  ["a Deny without MFA, of temporary credentials", { Bool: { "aws:MultiFactorAuthPresent": "false" } }],
  ["a Deny in the own account", { StringEquals: { "aws:ResourceAccount": account } }],
];

const passed: readonly [string, object][] = [
  ["a Deny outside the own account", { StringNotEquals: { "aws:ResourceAccount": account } }],
  ["a Deny of AWS's services", { Bool: { "aws:PrincipalIsAWSService": "true" } }],
  ["a Deny with MFA", { Bool: { "aws:MultiFactorAuthPresent": "true" } }],
  ["a Deny where a key is missing", { Null: { "aws:ResourceAccount": "true" } }],
];

describe("IAM global-condition-keys", () => {
  for (const [what, condition] of applied) {
    test(`${what} is applied`, async (t) => {
      const { iam, assume } = await iamSandbox(t);
      await createRole(iam, "demo");
      for (const [PolicyName, PolicyDocument] of [
        ["all", allowAll],
        ["not", denies(condition)],
      ] as const)
        await iam.send(new PutRolePolicyCommand({ RoleName: "demo", PolicyName, PolicyDocument }));
      const session = await assume("demo");
      await refused(
        session.send(new GetRoleCommand({ RoleName: "demo" })),
        "AccessDenied",
        /explicit deny/u,
        403,
      );
    });
  }

  for (const [what, condition] of passed) {
    test(`${what} is not applied`, async (t) => {
      const { iam, assume } = await iamSandbox(t);
      await createRole(iam, "demo");
      for (const [PolicyName, PolicyDocument] of [
        ["all", allowAll],
        ["not", denies(condition)],
      ] as const)
        await iam.send(new PutRolePolicyCommand({ RoleName: "demo", PolicyName, PolicyDocument }));
      const session = await assume("demo");
      await session.send(new GetRoleCommand({ RoleName: "demo" }));
    });
  }
});
