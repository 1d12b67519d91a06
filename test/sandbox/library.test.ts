import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GetRoleCommand, IAMClient, ListRolesCommand } from "@aws-sdk/client-iam";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import type { PodtrustError } from "../../src/core/base/index.ts";
import {
  type IssuerFault,
  type Sandbox,
  SandboxUsageError,
  type Seed,
  startSandbox,
} from "../../src/sandbox/index.ts";
import { awsError, type Credentials, policy } from "../support/sandbox.ts";
import { cart, shop, started, trust } from "../support/seeded-sandbox.ts";

const hour = 3_600_000;

describe("a sandbox in somebody's test", () => {
  test("a seed is there at once: its token is exchanged, and what it was exchanged for reads the parameter", async (t) => {
    const { sandbox, issuer, client, assume } = await started(t);
    await sandbox.seed(shop);
    const ssm = client(SSMClient, await assume(issuer.token(cart)));
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: "/cart/color" }));
    assert.equal(Parameter?.Value, "red");
  });

  test("policies of a seed may be objects or their JSON, and IAM gives them as they came", async (t) => {
    const { sandbox, client } = await started(t);
    const text = JSON.stringify(trust(), undefined, 4);
    await sandbox.seed({ roles: [{ name: "text", trustPolicy: text, path: "/a/", maxSession: 7200 }] });
    const { Role } = await client(IAMClient).send(new GetRoleCommand({ RoleName: "text" }));
    assert.equal(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ""), text);
    assert.deepEqual([Role?.Path, Role?.MaxSessionDuration], ["/a/", 7200]);
  });

  const refusals: readonly [string, unknown, RegExp][] = [
    [
      "a trust policy that IAM refuses, in IAM's words",
      { roles: [{ name: "r", trustPolicy: policy({ Effect: "Allow", Action: "sts:AssumeRole" }) }] },
      /^role r: CreateRole: MalformedPolicyDocument: Missing required field Principal$/u,
    ],
    [
      "a name that IAM refuses, in IAM's words",
      { roles: [{ name: "a b", trustPolicy: trust() }] },
      /^role a b: CreateRole: ValidationError: 1 validation error detected: Value 'a b' at 'roleName'/u,
    ],
    [
      "a managed policy that does not exist",
      { roles: [{ name: "r", trustPolicy: trust(), policies: ["arn:aws:iam::aws:policy/None"] }] },
      /^role r: AttachRolePolicy: NoSuchEntity/u,
    ],
    [
      "a provider's URL that IAM refuses",
      { providers: [{ url: "http://oidc.example.com", thumbprints: ["0".repeat(40)] }] },
      /^provider http:\/\/oidc\.example\.com: CreateOpenIDConnectProvider: InvalidInput/u,
    ],
    [
      "a parameter that is there",
      {
        parameters: [
          { name: "/a", value: "b" },
          { name: "/a", value: "c" },
        ],
      },
      /^parameter \/a: PutParameter: ParameterAlreadyExists/u,
    ],
    ["a part that no seed has", { role: [] }, /^a seed has no role$/u],
    ["a key that no role has", { roles: [{ name: "r", trust: {} }] }, /^roles\[0\] has no trust$/u],
    ["a role without a trust policy", { roles: [{ name: "r" }] }, /^roles\[0\] has no trustPolicy$/u],
    [
      "a form that is none",
      { parameters: [{ name: "/a", value: 1 }] },
      /^parameters\[0\]\.value is not a text$/u,
    ],
    ["a list that is none", { roles: {} }, /^roles is not a list$/u],
    ["a seed that is none", [], /^a seed is an object$/u],
  ];
  for (const [what, seed, sentence] of refusals) {
    test(`a seed is refused by name: ${what}`, async (t) => {
      const { sandbox } = await started(t);
      await assert.rejects(sandbox.seed(seed as Seed), (error: PodtrustError) => {
        assert.equal(error.code, "sandbox-seed");
        assert.match(error.message, sentence);
        return true;
      });
    });
  }

  test("decisions can be asserted on: who was refused, of what, by which rule", async (t) => {
    const { sandbox, issuer, assume } = await started(t);
    await sandbox.seed(shop);
    await assume(issuer.token(cart));
    const refused = awsError("AccessDenied", /^Not authorized to perform/u, 403);
    await assert.rejects(assume(issuer.token({ ...cart, name: "till" })), refused);
    const [decision, ...others] = sandbox.decisions({ decision: "deny", rule: "trust-policy" });
    assert.deepEqual(others, []);
    assert.equal(decision?.action, "sts:AssumeRoleWithWebIdentity");
    assert.match(decision.who, /^system:serviceaccount:shop:till/u);
    assert.match(decision.requestId, /^[\da-f-]{36}$/u);
    const count = (filter: Parameters<Sandbox["decisions"]>[0]): number => sandbox.decisions(filter).length;
    assert.equal(count({ service: "sts" }), 2);
    assert.equal(count({ service: "iam" }), 0);
    assert.equal(count({ action: "AssumeRoleWithWebIdentity" }), 2);
    assert.equal(count({ action: "sts:AssumeRoleWithWebIdentity", decision: "allow" }), 1);
    assert.equal(count({ who: "shop:till", resource: "role/cart", code: "AccessDenied" }), 1);
    assert.equal(count({ requestId: decision.requestId }), 1);
    assert.equal(count({ requestId: "none" }), 0);
  });

  test("moved on, the clock ends tokens and sessions, and signatures are still those of the client's clock", async (t) => {
    const { sandbox, issuer, client, assume } = await started(t);
    await sandbox.seed(shop);
    const token = issuer.token({ ...cart, expirationSeconds: 600 });
    const session = await assume(token);
    const who = (credentials?: Credentials) =>
      client(STSClient, credentials).send(new GetCallerIdentityCommand({}));
    await who(session);
    sandbox.clock.advance(0.5 * hour);
    await assert.rejects(assume(token), awsError("ExpiredTokenException", /expired/u));
    await who(session);
    sandbox.clock.advance(hour);
    await assert.rejects(who(session), awsError("ExpiredToken", /expired/u, 403));
    await who();
    await assume(issuer.token(cart));
  });

  test("a new role is seen by STS once the clock has moved over IAM's propagation, or somebody ended it", async (t) => {
    const { sandbox, issuer, client, assume } = await started(t, { propagationMs: 8000 });
    await sandbox.seed({ providers: shop.providers ?? [] });
    const { CreateRoleCommand, DeleteRoleCommand, UpdateAssumeRolePolicyCommand } =
      await import("@aws-sdk/client-iam");
    const iam = client(IAMClient);
    const named = { RoleName: "cart" };
    const create = new CreateRoleCommand({ ...named, AssumeRolePolicyDocument: JSON.stringify(trust()) });
    const refused = awsError("AccessDenied", /./u, 403);
    await iam.send(create);
    await assert.rejects(assume(issuer.token(cart)), refused);
    sandbox.clock.advance(8000);
    await assume(issuer.token(cart));
    await iam.send(new DeleteRoleCommand(named));
    await iam.send(create);
    await assert.rejects(assume(issuer.token(cart)), refused);
    await sandbox.spread();
    await assume(issuer.token(cart));
    const other = JSON.stringify(trust("system:serviceaccount:shop:till"));
    await iam.send(new UpdateAssumeRolePolicyCommand({ ...named, PolicyDocument: other }));
    await assume(issuer.token(cart));
    await sandbox.spread();
    await assert.rejects(assume(issuer.token(cart)), refused);
  });

  // One that is slow is slower than STS waits: test/limits/slow-issuers.test.ts.
  for (const fault of ["not-found", "wrong-issuer", "key-gone"] satisfies IssuerFault[]) {
    test(`an issuer that fails as ${fault} has tokens refused, and accepted again once it is mended`, async (t) => {
      const { sandbox, issuer, assume } = await started(t);
      await sandbox.seed(shop);
      await assume(issuer.token(cart));
      issuer.fail(fault);
      await assert.rejects(assume(issuer.token(cart)), (error: Error) => {
        assert.match(error.message, /^Couldn't retrieve verification key/u);
        return true;
      });
      issuer.fail(undefined);
      await assume(issuer.token(cart));
    });
  }

  test("reset leaves nothing but the administrator: no role, no session, no decision, no fault, the clock put back", async (t) => {
    const { sandbox, issuer, client, assume } = await started(t);
    await sandbox.seed(shop);
    const session = await assume(issuer.token(cart));
    sandbox.clock.advance(hour);
    issuer.fail("key-gone");
    await sandbox.reset();
    assert.deepEqual([sandbox.clock.ahead, sandbox.decisions()], [0, []]);
    const { Roles } = await client(IAMClient).send(new ListRolesCommand({}));
    assert.deepEqual(Roles, []);
    const gone = awsError("InvalidClientTokenId", /./u, 403);
    await assert.rejects(client(STSClient, session).send(new GetCallerIdentityCommand({})), gone);
    await sandbox.seed(shop);
    await assume(issuer.token(cart));
  });

  test("await using ends it, its issuer too", async () => {
    let urls: readonly string[];
    {
      await using sandbox = await startSandbox();
      const { cluster } = await sandbox.issuer();
      urls = [sandbox.url, cluster.url];
      assert.equal((await fetch(sandbox.url)).status, 200);
    }
    for (const url of urls) await assert.rejects(fetch(url), /fetch failed/u);
  });

  test("a token that TokenRequest would refuse is refused with the API server's words", async (t) => {
    const { issuer } = await started(t);
    assert.throws(() => issuer.token({ ...cart, expirationSeconds: 60 }), /less than 10 minutes/u);
    assert.throws(() => issuer.token({ namespace: "Shop!", name: "cart" }), SandboxUsageError);
  });
});
