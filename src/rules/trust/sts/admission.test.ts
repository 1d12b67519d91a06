import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  account,
  audience,
  type Conditions,
  issuer,
  now,
  providerArn,
  providerUrl,
  roleArn,
  subject,
  trust,
} from "../../../../test/conformance/fixture.ts";
import { admission, type Admission, type AdmissionQuestion } from "./admission.ts";

const good: Conditions = {
  StringEquals: { [`${providerUrl}:aud`]: audience, [`${providerUrl}:sub`]: subject },
};

function ask(policy = trust(), change: Partial<AdmissionQuestion> = {}): Admission {
  return admission({
    role: { arn: roleArn, name: "demo", id: "", trustPolicy: policy, maxSessionDuration: 3600, account },
    provider: { arn: providerArn, url: providerUrl },
    claims: { iss: issuer, sub: subject, aud: [audience] },
    sessionName: "demo",
    now,
    ...change,
  });
}

function also(operator: string, key: string, value: string): Conditions {
  return operator === "StringEquals"
    ? { StringEquals: { ...good["StringEquals"], [key]: value } }
    : { ...good, [operator]: { [key]: value } };
}

function denial(answer: Admission): unknown {
  assert.ok(answer.outcome === "refused", JSON.stringify(answer));
  const [check] = answer.refusal.statements?.[0]?.checks ?? [];
  return [answer.refusal.rule, check?.key, check?.wanted, check?.given];
}

describe("whether a policy admits a token", () => {
  test("audience and subject admit, another subject does not, and the answer names condition and values", () => {
    assert.deepEqual(ask(), { outcome: "admitted", decidingKeys: [] });
    const other = ask(trust(), { claims: { iss: issuer, sub: "system:serviceaccount:a:b", aud: audience } });
    assert.deepEqual(denial(other), [
      "trust-policy",
      `${providerUrl}:sub`,
      [subject],
      ["system:serviceaccount:a:b"],
    ]);
  });

  test("a policy that asks for a session name admits that name, and the answer says that it depends on it", () => {
    const policy = trust(also("StringEquals", "sts:RoleSessionName", "demo"));
    const decidingKeys = [{ key: "sts:RoleSessionName", value: "demo" }];
    assert.deepEqual(ask(policy), { outcome: "admitted", decidingKeys });
    const other = ask(policy, { sessionName: "web" });
    assert.deepEqual(denial(other), ["trust-policy", "sts:RoleSessionName", ["demo"], ["web"]]);
    assert.ok(other.outcome === "refused");
    assert.match(other.refusal.next, /session name "demo"/u);
  });

  test("a policy may ask for amr, azp, source identity and tags of the token, as STS does", () => {
    const tagging = ["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"];
    const claims = { iss: issuer, sub: subject, aud: [audience] };
    const cases: readonly [Conditions, Record<string, unknown>][] = [
      [also("StringEquals", `${providerUrl}:amr`, "mfa"), { amr: ["mfa"] }],
      [
        { StringEquals: { [`${providerUrl}:aud`]: "web", [`${providerUrl}:oaud`]: audience } },
        { azp: "web" },
      ],
      [also("StringEquals", "sts:SourceIdentity", "ci"), { "https://aws.amazon.com/source_identity": "ci" }],
      [
        also("StringEquals", "aws:RequestTag/team", "web"),
        { "https://aws.amazon.com/tags": { principal_tags: { team: ["web"] } } },
      ],
      [also("Bool", "sts:RoleAuthorizedByIdp", "true"), { "https://aws.amazon.com/roles": [roleArn] }],
    ];
    for (const [conditions, more] of cases) {
      const policy = trust(conditions, { actions: tagging });
      assert.equal(ask(policy, { claims: { ...claims, ...more } }).outcome, "admitted", JSON.stringify(more));
      assert.equal(ask(policy).outcome, "refused", JSON.stringify(conditions));
    }
  });

  test("tags in the token need sts:TagSession, and a malformed claim is refused by its own rule", () => {
    const tagged = { "https://aws.amazon.com/tags": { principal_tags: { team: ["web"] } } };
    const claims = { iss: issuer, sub: subject, aud: audience, ...tagged };
    const untagged = ask(trust(), { claims });
    assert.ok(untagged.outcome === "refused");
    assert.equal(untagged.refusal.rule, "tag-session-allowed");
    const two = ask(trust(), { claims: { ...claims, aud: ["a", "b"] } });
    assert.ok(two.outcome === "refused");
    assert.equal(two.refusal.rule, "audience-single");
  });

  test("values that only the call brings leave the answer undecided, and what is known of them decides", () => {
    const fromHere = trust(also("IpAddress", "aws:SourceIp", "10.0.0.0/8"));
    assert.deepEqual(ask(fromHere), {
      outcome: "undecided",
      decidingKeys: [{ key: "aws:SourceIp", value: undefined }],
    });
    const region = trust(also("StringEquals", "aws:RequestedRegion", "eu-central-1"));
    const context = { "aws:RequestedRegion": "eu-central-1" };
    assert.equal(ask(region, { context }).outcome, "admitted");
    assert.equal(ask(region, { context: { "aws:RequestedRegion": "us-east-1" } }).outcome, "refused");
    const denied = trust(good, { deny: { NotIpAddress: { "aws:SourceIp": "10.0.0.0/8" } } });
    assert.equal(ask(denied).outcome, "undecided");
    const tls = trust(good, { deny: { Bool: { "aws:SecureTransport": "false" } } });
    assert.equal(ask(tls).outcome, "admitted", "STS answers over TLS only");
  });

  test("an undecided extra action leaves the answer undecided too", () => {
    const actions = ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"];
    const tagged = { "https://aws.amazon.com/tags": { principal_tags: { team: ["web"] } } };
    const policy = trust(good, { actions });
    const [statement] = policy.statements;
    assert.ok(statement);
    const split = {
      ...policy,
      statements: [
        { ...statement, actions: ["sts:AssumeRoleWithWebIdentity"] },
        {
          ...statement,
          actions: ["sts:TagSession"],
          conditions: [{ operator: "StringEquals", key: "aws:UserAgent", values: ["x"] }],
        },
      ],
    };
    const answer = ask(split, { claims: { iss: issuer, sub: subject, aud: audience, ...tagged } });
    assert.deepEqual(answer, {
      outcome: "undecided",
      decidingKeys: [{ key: "aws:UserAgent", value: undefined }],
    });
  });
});
