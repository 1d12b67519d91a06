import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GetRoleCommand, UpdateAssumeRolePolicyCommand } from "@aws-sdk/client-iam";
import { createRole, iamSandbox, policyOf, providerArn, refused, trustPolicy } from "../../support/iam.ts";

function federated(principal: string, sub = "system:serviceaccount:a:b"): string {
  return policyOf({
    Effect: "Allow",
    Principal: { Federated: principal },
    Action: "sts:AssumeRoleWithWebIdentity",
    Condition: { StringEquals: { "oidc.example.test/cluster:sub": sub } },
  });
}

const malformed: readonly [string, string, string | RegExp][] = [
  ["what is no JSON", "{", "This policy contains invalid Json"],
  [
    "a federated principal that is neither a domain name nor an ARN",
    federated("not a name"),
    "Federated principals must be valid domain names or SAML metadata ARNs",
  ],
  [
    "another action than one of STS",
    policyOf({ Effect: "Allow", Principal: { AWS: "*" }, Action: "s3:GetObject" }),
    "AssumeRole policy may only specify STS AssumeRole actions.",
  ],
  [
    "a resource",
    policyOf({ Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole", Resource: "*" }),
    "Has prohibited field Resource",
  ],
];

describe("IAM role-trust-policy", () => {
  for (const [what, document, text] of malformed) {
    test(`a trust policy with ${what} is refused, on creation and on update`, async (t) => {
      const { iam } = await iamSandbox(t);
      await refused(
        createRole(iam, "demo", { AssumeRolePolicyDocument: document }),
        "MalformedPolicyDocument",
        text,
      );
      await createRole(iam, "demo");
      await refused(
        iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: "demo", PolicyDocument: document })),
        "MalformedPolicyDocument",
        text,
      );
      const { Role: role } = await iam.send(new GetRoleCommand({ RoleName: "demo" }));
      assert.equal(decodeURIComponent(role?.AssumeRolePolicyDocument ?? ""), trustPolicy);
    });
  }

  test("a trust policy may name a provider that does not exist", async (t) => {
    const { iam } = await iamSandbox(t);
    await createRole(iam, "demo", { AssumeRolePolicyDocument: federated(providerArn) });
  });

  test("a trust policy may have 2048 characters, white space not counted", async (t) => {
    const { iam } = await iamSandbox(t);
    const room = 2048 - federated(providerArn, "").replaceAll(/\s/gu, "").length;
    const full = federated(providerArn, "a".repeat(room));
    await createRole(iam, "demo", {
      AssumeRolePolicyDocument: JSON.stringify(JSON.parse(full), null, 8),
    });
    await refused(
      createRole(iam, "other", { AssumeRolePolicyDocument: federated(providerArn, "a".repeat(room + 1)) }),
      "LimitExceeded",
      "Cannot exceed quota for ACLSizePerRole: 2048",
      409,
    );
  });

  test("a trust policy with characters outside Latin-1 is refused before it is parsed", async (t) => {
    const { iam } = await iamSandbox(t);
    await refused(
      createRole(iam, "demo", { AssumeRolePolicyDocument: `${trustPolicy}€` }),
      "ValidationError",
      /at 'assumeRolePolicyDocument'.*regular expression pattern: \[\\u0009\\u000A\\u000D\\u0020-\\u00FF\]\+/u,
    );
  });
});
