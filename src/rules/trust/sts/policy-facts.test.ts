import assert from "node:assert/strict";
import { test } from "node:test";
import { factsOfTrustPolicy, parsePolicy } from "../index.ts";

const role = {
  arn: "arn:aws:iam::111122223333:role/x/web",
  partition: "aws",
  account: "111122223333",
  name: "web",
};
const oidc = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/a";
const statement = (principal: object): object => ({ Effect: "Allow", Principal: principal, Action: "sts:*" });

test("a trust policy describes its role, and each OIDC provider that it names once", () => {
  const saml = "arn:aws:iam::111122223333:saml-provider/x";
  const statements = [{ Federated: [oidc, saml] }, { Federated: oidc }, { AWS: "111122223333" }].map(
    statement,
  );
  const policy = parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: statements }), "trust");
  const facts = factsOfTrustPolicy(policy, role, ["sts.amazonaws.com"]);
  assert.deepEqual(facts.providers, [
    { arn: oidc, url: "oidc.example.com/a", clientIds: ["sts.amazonaws.com"] },
  ]);
  assert.deepEqual([facts.role.name, facts.role.maxSessionDuration], ["web", 43_200]);
});
