import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { evaluate } from "../access/evaluate.ts";
import { canonicalPolicy } from "./canonical.ts";
import { diffPolicies } from "./diff.ts";
import type { PolicyDocument, Statement } from "../language/document.ts";
import { parsePolicy } from "./parse.ts";
import { policyText } from "./text.ts";
import { runs } from "../../../../test/support/runs.ts";

const one: PolicyDocument = {
  version: "2012-10-17",
  id: "mine",
  statements: [
    {
      sid: "Read",
      effect: "Allow",
      principals: { Federated: ["f2", "f1"], AWS: ["111122223333", "*"] },
      actions: ["SSM:GetParameter", "ssm:getparameter", "*", "s3:Get*"],
      conditions: [
        { operator: "StringLike", key: "b", values: ["2", "1", "2"] },
        { operator: "StringEquals", key: "a", values: ["x"] },
      ],
    },
    {
      effect: "Deny",
      notPrincipals: { AWS: ["*"] },
      notActions: ["iam:*"],
      resources: ["b", "a"],
      conditions: [],
    },
    { effect: "Deny", actions: ["*"], notResources: ["z", "y", "z"], conditions: [] },
  ],
};

describe("a canonical policy", () => {
  test("values are sorted and stand once, services are lower case, accounts are their roots", () => {
    const { id, statements } = canonicalPolicy(one);
    assert.equal(id, "mine");
    assert.deepEqual(statements[0], {
      sid: "Read",
      effect: "Allow",
      principals: { AWS: ["*", "arn:aws:iam::111122223333:root"], Federated: ["f1", "f2"] },
      actions: ["*", "s3:Get*", "ssm:getparameter"],
      conditions: [
        { operator: "StringEquals", key: "a", values: ["x"] },
        { operator: "StringLike", key: "b", values: ["1", "2"] },
      ],
    });
    assert.deepEqual(statements[1]?.resources, ["a", "b"]);
    assert.deepEqual(statements[2]?.notResources, ["y", "z"]);
    assert.deepEqual(statements[1]?.notPrincipals, { AWS: ["*"] });
  });

  test("the text is what IAM takes, and reads back as the same document", () => {
    const trust: PolicyDocument = {
      version: "2012-10-17",
      id: "t",
      statements: [
        {
          sid: "Cart",
          effect: "Allow",
          principals: { Federated: ["arn:aws:iam::111122223333:oidc-provider/a.test"] },
          actions: ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
          conditions: [
            { operator: "StringEquals", key: "a.test:aud", values: ["sts.amazonaws.com"] },
            { operator: "StringEquals", key: "a.test:sub", values: ["x", "y"] },
          ],
        },
      ],
    };
    assert.equal(
      policyText(trust),
      '{"Version":"2012-10-17","Id":"t","Statement":[{"Sid":"Cart","Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/a.test"},"Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession"],"Condition":{"StringEquals":{"a.test:aud":"sts.amazonaws.com","a.test:sub":["x","y"]}}}]}',
    );
    assert.deepEqual(parsePolicy(policyText(trust), "trust"), trust);
    assert.match(
      policyText(one),
      /"NotPrincipal":\{"AWS":"\*"\},"NotAction":"iam:\*","Resource":\["b","a"\]/u,
    );
  });

  const statements: fc.Arbitrary<Statement> = fc.record(
    {
      sid: fc.constantFrom("A", "B"),
      effect: fc.constantFrom("Allow" as const, "Deny" as const),
      principals: fc.dictionary(
        fc.constantFrom("AWS", "Federated"),
        fc.array(fc.constantFrom("*", "111122223333", "p")),
      ),
      actions: fc.array(fc.constantFrom("ssm:GetParameter", "SSM:*", "s3:getobject", "S3:GetObject", "*")),
      resources: fc.array(fc.constantFrom("arn:aws:s3:::b/k", "arn:aws:s3:::*", "*")),
      conditions: fc.array(
        fc.record({
          operator: fc.constantFrom("StringEquals", "StringNotLike", "ForAllValues:StringLike", "Null"),
          key: fc.constantFrom("x:a", "X:A", "x:b"),
          values: fc.array(fc.constantFrom("1", "2", "true", "*")),
        }),
        { maxLength: 3 },
      ),
    },
    { requiredKeys: ["effect", "conditions"] },
  ) as fc.Arbitrary<Statement>;
  const documents: fc.Arbitrary<PolicyDocument> = fc.record({
    version: fc.constantFrom("2008-10-17" as const, "2012-10-17" as const),
    statements: fc.array(statements, { maxLength: 4 }),
  });
  const requests = fc.record({
    action: fc.constantFrom("ssm:GetParameter", "s3:GetObject"),
    resource: fc.constantFrom("arn:aws:s3:::b/k", "arn:aws:ssm:r:1:parameter/x"),
    principal: fc.constantFrom(
      { type: "AWS" as const, ids: ["p"], account: "111122223333" },
      { type: "Federated" as const, ids: ["q"] },
    ),
    context: fc.dictionary(fc.constantFrom("x:a", "x:b"), fc.constantFrom("1", "2", ["1", "2"])),
  });

  test("property: canonicalising twice is canonicalising once, and changes no decision", () => {
    fc.assert(
      fc.property(documents, requests, (document, request) => {
        const canonical = canonicalPolicy(document);
        assert.deepEqual(canonicalPolicy(canonical), canonical);
        const effect = (of: PolicyDocument): string =>
          evaluate([{ name: "p", document: of }], request).effect;
        assert.equal(effect(canonical), effect(document));
        assert.deepEqual(diffPolicies(document, canonical), []);
      }),
      { numRuns: runs(1000) },
    );
  });

  test("property: policies without a difference decide alike; a policy does not differ from itself", () => {
    fc.assert(
      fc.property(documents, documents, requests, (a, b, request) => {
        assert.deepEqual(diffPolicies(a, a), []);
        const effect = (document: PolicyDocument): string =>
          evaluate([{ name: "p", document }], request).effect;
        if (effect(a) !== effect(b)) assert.notDeepEqual(diffPolicies(a, b), []);
      }),
      { numRuns: runs(1000) },
    );
  });
});
