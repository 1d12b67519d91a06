import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parsePolicy, trustPolicyRefusal, trustPolicyWarnings } from "../index.ts";

const url = "token.actions.githubusercontent.com";
const provider = `arn:aws:iam::111122223333:oidc-provider/${url}`;

function trust(statement: object): ReturnType<typeof parsePolicy> {
  const whole = {
    Effect: "Allow",
    Principal: { Federated: provider },
    Action: "sts:AssumeRoleWithWebIdentity",
    ...statement,
  };
  return parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: whole }), "trust");
}

describe("IAM's rules about trust policies", () => {
  test("refuse a shared provider without a narrow subject, by the rule's name and the statement", () => {
    const refusal = trustPolicyRefusal(trust({}));
    assert.equal(refusal?.rule, "shared-provider-controls");
    assert.match(refusal.error.message, /which is not scoped to all/u);
  });

  test("keep one with a narrow subject, one that denies, and one that names no URL", () => {
    const Condition = { StringEquals: { [`${url}:sub`]: "repo:o/r:ref:refs/heads/main" } };
    assert.equal(trustPolicyRefusal(trust({ Condition })), undefined);
    assert.equal(trustPolicyRefusal(trust({ Effect: "Deny" })), undefined);
    const aws = { Principal: { AWS: "111122223333" }, Action: "sts:AssumeRole" };
    assert.equal(trustPolicyRefusal(trust(aws)), undefined);
    const google = { StringEquals: { "accounts.google.com:aud": "x" } };
    const saml = { Principal: { Federated: "accounts.google.com" }, Condition: google };
    assert.equal(trustPolicyRefusal(trust(saml)), undefined);
    assert.ok(Array.isArray(trustPolicyWarnings(trust(saml))));
  });
});
