import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { trustPolicyWarnings } from "../index.ts";
import { parsePolicy } from "./parse.ts";

const provider = "arn:aws:iam::111122223333:oidc-provider/oidc.example.test";
const good = {
  "oidc.example.test:aud": "sts.amazonaws.com",
  "oidc.example.test:sub": "system:serviceaccount:a:b",
};

function rules(statement: object, version: string | undefined = "2012-10-17"): readonly string[] {
  const whole = {
    Effect: "Allow",
    Principal: { Federated: provider },
    Action: "sts:AssumeRoleWithWebIdentity",
    ...statement,
  };
  const warnings = trustPolicyWarnings(
    parsePolicy(JSON.stringify({ Version: version, Statement: whole }), "trust"),
  );
  assert.ok(warnings.every((one) => one.statement === 1 && one.message.length > 20 && one.next.length > 10));
  return warnings.map((one) => one.rule);
}

describe("the warnings about a trust policy", () => {
  test("are none about a narrow policy", () => {
    assert.deepEqual(rules({ Condition: { StringEquals: good } }), []);
    assert.deepEqual(
      rules({
        Condition: { StringEquals: { ...good, "aws:PrincipalAccount": "1", "sts:RoleSessionName": "x" } },
      }),
      [],
    );
  });

  test("name conditions that are missing", () => {
    assert.deepEqual(rules({}), ["no-audience", "no-subject"]);
    assert.deepEqual(rules({ Condition: { StringEquals: { "oidc.example.test:oaud": "a" } } }), [
      "no-subject",
    ]);
  });

  test("name statements that let in callers they should keep out", () => {
    const { "oidc.example.test:sub": sub } = good;
    const aud = { "oidc.example.test:aud": "sts.amazonaws.com" };
    assert.deepEqual(
      rules({
        Condition: { StringEquals: aud, "ForAllValues:StringEquals": { "oidc.example.test:sub": sub } },
      }),
      ["for-all-values"],
    );
    assert.deepEqual(
      rules({ Condition: { StringEquals: aud, StringEqualsIfExists: { "oidc.example.test:sub": sub } } }),
      ["if-exists"],
    );
    assert.deepEqual(
      rules({ Condition: { StringEquals: aud, StringLike: { "oidc.example.test:sub": "*" } } }),
      ["wildcard-subject"],
    );
    assert.deepEqual(rules({ Principal: { AWS: "*" }, Action: "sts:AssumeRole" }), ["anybody"]);
    assert.deepEqual(rules({ Principal: "*", Action: "sts:AssumeRole" }), ["anybody"]);
  });

  test("name conditions that can never be true", () => {
    assert.deepEqual(
      rules({ Condition: { StringEquals: { ...good, "oidc.example.test:sub": "system:*" } } }),
      ["wildcard-literal"],
    );
    assert.deepEqual(rules({ Condition: { StringEquals: { ...good, "other.test:sub": "x" } } }), [
      "foreign-key",
    ]);
    assert.deepEqual(
      rules(
        { Condition: { StringEquals: { ...good, "oidc.example.test:email": "${aws:username}" } } },
        "2008-10-17",
      ),
      ["variable-without-version"],
    );
  });

  const github = "token.actions.githubusercontent.com";
  const workflow = { [`${github}:aud`]: "sts.amazonaws.com", [`${github}:sub`]: "repo:o/r:pull_request" };
  const ofGithub = (condition: object): object => ({
    Principal: { Federated: `arn:aws:iam::111122223333:oidc-provider/${github}` },
    Condition: condition,
  });

  test("are none about a narrow policy for GitHub, by any claim that AWS makes a key of", () => {
    const more = { [`${github}:repository`]: "o/r", [`${github}:environment`]: "prod" };
    assert.deepEqual(rules(ofGithub({ StringEquals: { ...workflow, ...more } })), []);
    assert.deepEqual(
      rules(ofGithub({ StringEquals: workflow, StringLike: { [`${github}:sub`]: "repo:o/*" } })),
      [],
    );
  });

  test("name a claim of GitHub's tokens that AWS does not make a key", () => {
    const run = { [`${github}:run_id`]: "1" };
    assert.deepEqual(rules(ofGithub({ StringEquals: { ...workflow, ...run } })), ["foreign-key"]);
  });

  for (const subject of ["*", "repo:*", "repo:*/*:ref:refs/heads/main", "repo:*:environment:*"]) {
    test(`name a pattern that lets every repository on GitHub in: ${subject}`, () => {
      const aud = { [`${github}:aud`]: "sts.amazonaws.com" };
      assert.deepEqual(rules(ofGithub({ StringEquals: aud, StringLike: { [`${github}:sub`]: subject } })), [
        "wildcard-subject",
      ]);
    });
  }

  test("say of a policy for GitHub without a subject that the whole of GitHub is let in", () => {
    const Statement = { Effect: "Allow", Action: "sts:AssumeRoleWithWebIdentity", ...ofGithub({}) };
    const text = JSON.stringify({ Version: "2012-10-17", Statement });
    const said = trustPolicyWarnings(parsePolicy(text, "trust")).map(({ message }) => message);
    assert.match(
      said.join("\n"),
      /every workflow of every repository on GitHub may assume the role; IAM refuses/u,
    );
    assert.doesNotMatch(said.join("\n"), /ServiceAccount/u);
  });

  test("are none about a wide Deny, nor about AWS's own principals", () => {
    assert.deepEqual(rules({ Effect: "Deny" }), []);
    assert.deepEqual(rules({ Principal: { AWS: "111122223333" }, Action: "sts:AssumeRole" }), []);
    assert.deepEqual(
      rules({
        Principal: { AWS: "*" },
        Action: "sts:AssumeRole",
        Condition: { StringEquals: { "aws:PrincipalOrgID": "o" } },
      }),
      [],
    );
  });
});
