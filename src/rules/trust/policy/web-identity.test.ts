import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { evaluate } from "../access/evaluate.ts";
import { trustPolicyWarnings } from "./lint.ts";
import { parsePolicy } from "./parse.ts";
import { policyText } from "./text.ts";
import { webIdentityTrustPolicy, type WebIdentityStatement } from "./web-identity.ts";

const trust: WebIdentityStatement = {
  providerArn: "arn:aws:iam::111122223333:oidc-provider/oidc.example.test/a",
  providerUrl: "oidc.example.test/a",
  audiences: ["sts.amazonaws.com"],
  subjects: ["system:serviceaccount:shop:cart"],
};

function effect(of: WebIdentityStatement, sub: string, action = "sts:AssumeRoleWithWebIdentity"): string {
  // Through IAM's text and back, as it would be stored.
  const document = parsePolicy(policyText(webIdentityTrustPolicy(of)), "trust");
  return evaluate([{ name: "trust", document }], {
    action,
    resource: "*",
    principal: { type: "Federated", ids: [of.providerArn] },
    context: { "oidc.example.test/a:aud": "sts.amazonaws.com", "oidc.example.test/a:sub": sub },
  }).effect;
}

describe("the trust policy of a web identity", () => {
  test("admits exactly the given subjects, with nothing to warn about", () => {
    assert.equal(effect(trust, "system:serviceaccount:shop:cart"), "allow");
    assert.equal(effect(trust, "system:serviceaccount:shop:cart2"), "implicit-deny");
    assert.equal(
      effect({ ...trust, subjects: ["system:serviceaccount:shop:*"] }, "system:serviceaccount:shop:cart"),
      "implicit-deny",
    );
    assert.deepEqual(trustPolicyWarnings(webIdentityTrustPolicy(trust)), []);
  });

  test("has patterns by StringLike, beside exact subjects that stay exact", () => {
    const both = { ...trust, subjects: ["exact*"], subjectPatterns: ["system:serviceaccount:shop-*:cart"] };
    assert.equal(effect(both, "system:serviceaccount:shop-a:cart"), "allow");
    assert.equal(effect(both, "exact*"), "allow");
    assert.equal(effect(both, "exactly"), "implicit-deny");
    assert.deepEqual(trustPolicyWarnings(webIdentityTrustPolicy(both)), []);
  });

  test("allows tags and source identities when asked for", () => {
    const [sub = ""] = trust.subjects;
    assert.equal(effect(trust, sub, "sts:TagSession"), "implicit-deny");
    const all = { ...trust, tagSession: true, setSourceIdentity: true };
    assert.equal(effect(all, sub, "sts:TagSession"), "allow");
    assert.equal(effect(all, sub, "sts:SetSourceIdentity"), "allow");
  });

  test("cannot be built so that it lets anyone in", () => {
    for (const change of [
      { audiences: [] },
      { subjects: [] },
      { subjects: [], subjectPatterns: ["*"] },
      { subjectPatterns: ["?*"] },
      { subjectPatterns: [""] },
    ]) {
      assert.throws(() => webIdentityTrustPolicy({ ...trust, ...change }), TypeError);
    }
  });
});
