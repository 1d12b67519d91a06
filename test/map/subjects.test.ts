import assert from "node:assert/strict";
import { test } from "node:test";
import {
  array,
  assert as check,
  boolean,
  constantFrom,
  option,
  property,
  record,
  subarray,
} from "fast-check";
import { parsePolicy, admission } from "../../src/rules/trust/index.ts";
import { subjectsToAsk } from "../../src/map/judge/subjects.ts";
import { trustedRole } from "../../src/stack/parts/index.ts";
import { runs } from "../support/runs.ts";
import { account, issuer, providerArn, role } from "./facts.ts";

const provider = { arn: providerArn, url: "oidc.example.com" };
const subjects = ["a:one", "a:two", "b:one"].map((one) => `system:serviceaccount:${one}`);
const patterns = [
  ...subjects,
  "system:serviceaccount:a:*",
  "system:serviceaccount:?:one",
  "*",
  "${aws:username}",
];

const condition = record({
  operator: constantFrom(
    "StringEquals",
    "StringLike",
    "StringEqualsIgnoreCase",
    "StringEqualsIfExists",
    "StringNotEquals",
    "ForAnyValue:StringEquals",
    "ForAllValues:StringEquals",
  ),
  key: constantFrom(
    "oidc.example.com:sub",
    "OIDC.example.com:SUB",
    "oidc.example.com:aud",
    "other.example.com:sub",
  ),
  values: subarray(patterns, { minLength: 1 }),
});

const statement = record({
  allow: boolean(),
  principal: constantFrom<unknown>(
    { Federated: providerArn },
    { Federated: [providerArn, `arn:aws:iam::${account}:oidc-provider/other.example.com`] },
    { AWS: `arn:aws:iam::${account}:root` },
    { AWS: "*" },
    "*",
    { Service: "ec2.amazonaws.com" },
  ),
  conditions: array(condition, { maxLength: 3 }),
  any: option(boolean(), { nil: undefined }),
});

test("the subjects that are asked about hold all that STS would let in, whatever the trust policy says", () => {
  let spelled = 0;
  check(
    property(array(statement, { minLength: 1, maxLength: 3 }), (statements) => {
      const text = JSON.stringify({
        Version: "2012-10-17",
        Statement: statements.map(({ allow, principal, conditions, any }) => {
          const Condition: Record<string, Record<string, string[]>> = {};
          for (const { operator, key, values } of conditions)
            Condition[operator] = { ...Condition[operator], [key]: [...values] };
          const Action = any === true ? "sts:*" : "sts:AssumeRoleWithWebIdentity";
          return { Effect: allow ? "Allow" : "Deny", Principal: principal, Action, Condition };
        }),
      });
      const asked = subjectsToAsk(parsePolicy(text, "trust"), provider.url);
      if (asked === undefined) return;
      spelled += 1;
      for (const sub of subjects) {
        const claims = { iss: issuer, sub, aud: ["sts.amazonaws.com"] };
        const answer = admission({
          role: trustedRole(role("any", text)),
          provider,
          claims,
          sessionName: "x",
          now: 0,
        });
        if (answer.outcome !== "refused") assert.ok(asked.has(sub), `${sub} is let in by ${text}`);
      }
    }),
    { numRuns: runs(300) },
  );
  assert.ok(spelled > 10, "policies that spell subjects out were tried");
});
