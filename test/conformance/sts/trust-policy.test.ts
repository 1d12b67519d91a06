import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parsePolicy } from "../../../src/rules/trust/index.ts";
import {
  accepts,
  account,
  audience,
  type Change,
  type Conditions,
  grantOf,
  providerArn,
  providerUrl,
  refusalOf,
  refuses,
  subject,
  texts,
  trust,
} from "../fixture.ts";

const refusal = { rule: "trust-policy", code: "AccessDenied", status: 403, text: texts.notAuthorized };
const aud = `${providerUrl}:aud`;
const sub = `${providerUrl}:sub`;

describe("STS rule trust-policy", () => {
  for (const name of [
    "system:serviceaccount:other:cart",
    "system:serviceaccount:shop:Cart",
    "system:serviceaccount:shop:cart-evil",
    "system:serviceaccount:shop",
    "",
  ]) {
    test(`refuses another subject: ${JSON.stringify(name)}`, () =>
      refuses({ claims: { sub: name } }, refusal));
  }

  const wrong: readonly [string, Conditions, RegExp][] = [
    [
      "StringEquals takes * as a character",
      { StringEquals: { [sub]: "system:serviceaccount:shop:*" } },
      /StringLike/u,
    ],
    [
      "a misspelt issuer in the key",
      { StringEquals: { "oidc.exampel.test:sub": subject } },
      /has oidc\.example\.test:sub/u,
    ],
    ["the key without the issuer", { StringEquals: { sub: subject } }, /has no sub/u],
    ["the key with the scheme", { StringEquals: { [`https://${sub}`]: subject } }, /has no https/u],
    ["a claim that is no key", { StringEquals: { [`${providerUrl}:kubernetes.io`]: "shop" } }, /has no/u],
    [
      "the right subject and another audience",
      { StringEquals: { [sub]: subject, [aud]: "other" } },
      /"other"/u,
    ],
    [
      "ForAnyValue of a missing key",
      { "ForAnyValue:StringEquals": { "x:groups": "admins" } },
      /has no x:groups/u,
    ],
    ["Null asks for a key to be absent", { Null: { [sub]: "true" } }, /absent/u],
    ["aws:PrincipalArn is not there", { StringEquals: { "aws:PrincipalArn": providerArn } }, /has no/u],
    [
      "aws:PrincipalType is not FederatedUser",
      { StringEquals: { "aws:PrincipalType": "FederatedUser" } },
      /"User"/u,
    ],
    ["aws:userid is not the subject", { StringEquals: { "aws:userid": subject } }, /oidc-provider/u],
    [
      "aws:PrincipalAccount is not anonymous",
      { StringEquals: { "aws:PrincipalAccount": "anonymous" } },
      /1111/u,
    ],
    ["another session name", { StringLike: { "sts:RoleSessionName": "admin-*" } }, /cart-7f9c/u],
  ];
  for (const [name, conditions, why] of wrong) {
    test(`refuses a condition: ${name}`, async () =>
      assert.match((await refusalOf({ trust: trust(conditions) }, refusal)).why, why));
  }

  test("refuses a token by statements about another provider, an AWS principal * or another action", async () => {
    const other = `arn:aws:iam::${account}:oidc-provider/other.test`;
    await refuses({ trust: trust(undefined, { principal: { Federated: other } }) }, refusal);
    await refuses({ trust: trust(undefined, { principal: { AWS: "*" } }) }, refusal);
    await refuses({ trust: trust(undefined, { principal: { Federated: providerUrl } }) }, refusal);
    await refuses({ trust: trust(undefined, { actions: ["sts:AssumeRole"] }) }, refusal);
  });

  test("refuses a token of another registered issuer", () => {
    const other = {
      arn: `arn:aws:iam::${account}:oidc-provider/b.test`,
      url: "b.test",
      clientIds: [audience],
    };
    const claims = { iss: "https://b.test" };
    return refuses({ claims, providers: [other], discovery: { issuer: "https://b.test" } }, refusal);
  });

  test("refuses what one statement denies, whatever others allow", async () => {
    const deny = { StringLike: { [sub]: "system:serviceaccount:shop:*" } };
    assert.match((await refusalOf({ trust: trust(undefined, { deny }) }, refusal)).why, /denies/u);
    assert.match((await refusalOf({ trust: trust(undefined, { deny: {} }) }, refusal)).why, /denies/u);
  });

  test("refuses what a statement denies to Principal *, and not what one denies to every AWS principal", async () => {
    const denied = (principal: unknown): Change => {
      const { statements } = trust();
      const other = { Effect: "Deny", Action: "sts:AssumeRoleWithWebIdentity", Principal: principal };
      const text = JSON.stringify({ Version: "2012-10-17", Statement: other });
      return {
        trust: {
          version: "2012-10-17",
          statements: [...statements, ...parsePolicy(text, "trust").statements],
        },
      };
    };
    assert.match((await refusalOf(denied("*"), refusal)).why, /statement 2 .*denies/u);
    await accepts(denied({ AWS: "*" }));
  });

  test("accepts a token by a statement that allows Principal *", () =>
    accepts({ trust: trust(undefined, { principal: "*" }) }));

  const good: readonly [string, Conditions, Change?][] = [
    ["StringLike on the subject", { StringLike: { [sub]: "system:serviceaccount:shop:*" } }],
    [
      "a negated operator with a missing key",
      { StringNotEquals: { [`${providerUrl}:email`]: "root@example.test" } },
    ],
    [
      "ForAllValues of a key that is misspelt: dangerous",
      { "ForAllValues:StringEquals": { "oidc.exampel:sub": "x" } },
    ],
    ["the audience as it came", { "ForAnyValue:StringEquals": { [`${providerUrl}:oaud`]: audience } }],
    [
      "amr",
      { "ForAnyValue:StringEquals": { [`${providerUrl}:amr`]: "mfa" } },
      { claims: { amr: ["pwd", "mfa"] } },
    ],
    ["email", { StringEquals: { [`${providerUrl}:email`]: "a@b.test" } }, { claims: { email: "a@b.test" } }],
    [
      "what AWS says of the caller",
      {
        StringEquals: {
          "aws:PrincipalAccount": account,
          "aws:PrincipalType": "User",
          "aws:userid": providerArn,
          "sts:RoleSessionName": "cart-7f9c",
          "sts:RoleAuthorizedByIdp": "false",
        },
      },
    ],
    ["keys in any case", { StringEquals: { [sub.toUpperCase()]: subject } }],
    [
      "keys of the request",
      { IpAddress: { "aws:SourceIp": "192.0.2.0/24" } },
      { facts: { context: { "aws:SourceIp": "192.0.2.7" } } },
    ],
  ];
  for (const [name, conditions, change] of good) {
    test(`accepts ${name}`, () => accepts({ trust: trust(conditions), ...change }));
  }

  const github = "token.actions.githubusercontent.com";
  /** The claims of a workflow's token; of GitHub's own page, "OpenID Connect reference". */
  const workflow = {
    iss: `https://${github}`,
    sub: "repo:octo-org/octo-repo:environment:prod",
    actor: "octocat",
    actor_id: "12",
    enterprise_id: "42",
    environment: "prod",
    job_workflow_ref: "octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main",
    ref: "refs/heads/main",
    repository: "octo-org/octo-repo",
    repository_id: "74",
    repository_owner: "octo-org",
    repository_owner_id: "65",
    runner_environment: "github-hosted",
    workflow: "deploy",
    event_name: "push",
  } as const;
  const mapped = [
    "actor",
    "actor_id",
    "enterprise_id",
    "environment",
    "job_workflow_ref",
    "ref",
    "repository",
    "repository_id",
    "repository_owner_id",
    "workflow",
  ] as const;

  /** A workflow's token for a role with these conditions; `url` is the provider's. */
  function fromGithub(conditions: Conditions, url = github): Change {
    const arn = `arn:aws:iam::${account}:oidc-provider/${url}`;
    return {
      claims: { ...workflow, iss: `https://${url}` },
      providers: [{ arn, url, clientIds: [audience] }],
      discovery: { issuer: `https://${url}`, jwks_uri: `https://${url}/.well-known/jwks` },
      trust: trust(conditions, { principal: { Federated: arn } }),
    };
  }

  for (const claim of mapped) {
    test(`accepts GitHub's claim ${claim} as a condition key, with its value and no other`, async () => {
      await accepts(fromGithub({ StringEquals: { [`${github}:${claim}`]: workflow[claim] } }));
      const { why } = await refusalOf(
        fromGithub({ StringEquals: { [`${github}:${claim}`]: "another" } }),
        refusal,
      );
      assert.ok(why.includes(`asks ${github}:${claim} for "another", and it is "${workflow[claim]}"`), why);
    });
  }

  for (const claim of ["repository_owner", "runner_environment", "event_name"] as const) {
    test(`refuses by GitHub's claim ${claim}, which AWS does not map, and says so`, async () => {
      const { next } = await refusalOf(
        fromGithub({ StringEquals: { [`${github}:${claim}`]: workflow[claim] } }),
        refusal,
      );
      assert.match(
        next,
        new RegExp(`condition on :${claim} out: the token has that claim, and AWS makes no`, "u"),
      );
      assert.match(next, /:repository_owner_id, :workflow\.$/u);
    });
  }

  test("refuses by a claim of GitHub's name at a private issuer, and at an enterprise's path", async () => {
    for (const url of [providerUrl, `${github}/octo-enterprise`]) {
      const { why } = await refusalOf(
        fromGithub({ StringEquals: { [`${url}:repository`]: workflow.repository } }, url),
        refusal,
      );
      assert.match(why, /the request has no \S+:repository(?!;)/u);
    }
  });

  test("refuses a misspelt claim of GitHub, and names the one that was meant", async () => {
    const { why } = await refusalOf(
      fromGithub({ StringEquals: { [`${github}:repositry`]: workflow.repository } }),
      refusal,
    );
    assert.match(why, /has no \S+:repositry; it has token\.actions\.githubusercontent\.com:repository$/u);
  });

  test("grants a session whose own policies do not see GitHub's claims", async () => {
    const { claims } = await grantOf(
      fromGithub({ StringEquals: { [`${github}:repository`]: workflow.repository } }),
    );
    assert.deepEqual(Object.keys(claims).sort(), [`${github}:aud`, `${github}:oaud`, `${github}:sub`]);
  });
});
