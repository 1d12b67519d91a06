import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { CreatePolicyCommand, GetRoleCommand } from "@aws-sdk/client-iam";
import { GetParameterCommand, PutParameterCommand } from "@aws-sdk/client-ssm";
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  type AssumeRoleCommandOutput,
  GetCallerIdentityCommand,
  GetFederationTokenCommand,
  GetSessionTokenCommand,
  type STSClient,
} from "@aws-sdk/client-sts";
import { defined } from "../../src/core/base/index.ts";
import {
  account,
  allow,
  awsError,
  type Credentials,
  keysOf,
  policy,
  startTestSandbox,
  type TestSandbox,
  webIdentityTrust,
} from "../support/sandbox.ts";

let world: TestSandbox;
function trust(
  principal: string | readonly string[],
  actions: readonly string[] = [],
  condition?: object,
): object {
  return policy({
    Effect: "Allow",
    Principal: { AWS: principal },
    Action: ["sts:AssumeRole", ...actions],
    ...defined({ Condition: condition }),
  });
}

function assume(
  client: STSClient,
  RoleArn: string,
  more: Partial<AssumeRoleCommandInput> = {},
): Promise<AssumeRoleCommandOutput> {
  return client.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "chain", ...more }));
}

/** A session of a new role, had by a web identity. */
async function session(
  name: string,
  options: { policy?: object; trustActions?: string[]; claims?: object } = {},
): Promise<Credentials> {
  const arn = await world.role(name, {
    trust: webIdentityTrust(world.providerArn, options.trustActions ?? []),
    ...defined({ policy: options.policy }),
    maxSession: 43_200,
  });
  const token = await world.token({ ...options.claims });
  return keysOf(await world.assume({ role: arn, token }));
}

const root = `arn:aws:iam::${account}:root`;
const denied = (who: string, action: string, role: string): ReturnType<typeof awsError> =>
  awsError(
    "AccessDenied",
    `User: arn:aws:sts::${account}:assumed-role/${who}/job is not authorized to perform: ${action} on resource: arn:aws:iam::${account}:role/${role}`,
    403,
  );

describe("AssumeRole in the sandbox", () => {
  before(async () => {
    world = await startTestSandbox();
    await world.ssm().send(new PutParameterCommand({ Name: "/a", Value: "v", Type: "String" }));
  });

  after(() => world.close());

  test("the administrator assumes a role that trusts the account", async () => {
    const arn = await world.role("for-account", { trust: trust(root) });
    const output = await assume(world.sts(), arn);
    assert.equal(output.AssumedRoleUser?.Arn, `arn:aws:sts::${account}:assumed-role/for-account/chain`);
    const who = await world.sts(keysOf(output)).send(new GetCallerIdentityCommand({}));
    assert.equal(who.Arn, output.AssumedRoleUser?.Arn);
  });

  test("a role that trusts a web identity alone cannot be assumed by the administrator either", async () => {
    const arn = await world.role("web-only");
    await assert.rejects(
      assume(world.sts(), arn),
      awsError(
        "AccessDenied",
        /user\/podtrust-admin is not authorized to perform: sts:AssumeRole on resource/u,
        403,
      ),
    );
    await assert.rejects(
      assume(world.sts(), `${arn}-not`),
      awsError("AccessDenied", /is not authorized/u, 403),
    );
    await assert.rejects(
      assume(world.sts(), "arn:aws:iam::111122223333:user/x"),
      awsError("ValidationError", "arn:aws:iam::111122223333:user/x is invalid"),
    );
    const last = world.sandbox.decisions().findLast(({ code }) => code === "AccessDenied");
    assert.equal(last?.decision, "deny");
    assert.equal(last.rule, "role-trust");
  });

  test("trust in the account leaves it to the caller's policies; trust in the role does not", async () => {
    const keys = await session("plain");
    const caller = world.sts(keys);
    const forAccount = await world.role("account-wide", { trust: trust(root) });
    await assert.rejects(assume(caller, forAccount), denied("plain", "sts:AssumeRole", "account-wide"));
    const byRole = await world.role("by-role", { trust: trust(`arn:aws:iam::${account}:role/plain`) });
    await assume(caller, byRole);
    const bySession = await world.role("by-session", {
      trust: trust(`arn:aws:sts::${account}:assumed-role/plain/job`),
    });
    await assume(caller, bySession);
    const allowed = world.sts(
      await session("allowed", { policy: policy(allow("sts:AssumeRole", forAccount)) }),
    );
    await assume(allowed, forAccount);
  });

  test("a Deny of the caller's own role wins over any trust", async () => {
    const deny = { Effect: "Deny", Action: "sts:AssumeRole", Resource: "*" };
    const caller = world.sts(await session("denied", { policy: policy(deny) }));
    const target = await world.role("trusts-denied", { trust: trust(`arn:aws:iam::${account}:role/denied`) });
    await assert.rejects(
      assume(caller, target),
      awsError("AccessDenied", /with an explicit deny in an identity-based policy$/u, 403),
    );
  });

  test("an external id is a condition like any other", async () => {
    const condition = { StringEquals: { "sts:ExternalId": "secret-word" } };
    const arn = await world.role("external", { trust: trust(root, [], condition) });
    await assert.rejects(assume(world.sts(), arn), awsError("AccessDenied", /sts:AssumeRole/u, 403));
    await assume(world.sts(), arn, { ExternalId: "secret-word" });
  });

  test("a chained role lives an hour at most; the first one as long as its role lets it", async () => {
    const arn = await world.role("long", { trust: trust(root), maxSession: 43_200 });
    const first = await assume(world.sts(), arn, { DurationSeconds: 43_200 });
    const span = (first.Credentials?.Expiration?.getTime() ?? 0) - world.clock.now();
    assert.ok(span > 43_190_000 && span <= 43_200_000);
    const caller = world.sts(await session("chainer", { policy: policy(allow("sts:AssumeRole")) }));
    await assert.rejects(
      assume(caller, arn, { DurationSeconds: 3601 }),
      awsError(
        "ValidationError",
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
      ),
    );
    await assume(caller, arn, { DurationSeconds: 3600 });
    const short = await world.role("short", { trust: trust(root) });
    await assert.rejects(
      assume(world.sts(), short, { DurationSeconds: 3601 }),
      awsError(
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
      ),
    );
  });

  test("session tags need sts:TagSession, and transitive ones stay along the chain", async () => {
    const closed = await world.role("no-tags", { trust: trust(root) });
    const Tags = [{ Key: "team", Value: "blue" }];
    await assert.rejects(
      assume(world.sts(), closed, { Tags }),
      awsError("AccessDenied", /not authorized to perform: sts:TagSession/u, 403),
    );
    const chain = policy(allow(["sts:AssumeRole", "sts:TagSession"]));
    const first = await world.role("tags-1", { trust: trust(root, ["sts:TagSession"]), policy: chain });
    const blue = {
      ...allow("ssm:GetParameter"),
      Condition: { StringEquals: { "aws:PrincipalTag/team": "blue" } },
    };
    const second = await world.role("tags-2", {
      trust: trust(root, ["sts:TagSession"]),
      policy: policy(blue),
    });
    const tagged = world.sts(keysOf(await assume(world.sts(), first, { Tags, TransitiveTagKeys: ["team"] })));
    const chained = world.ssm(keysOf(await assume(tagged, second)));
    await chained.send(new GetParameterCommand({ Name: "/a" }));
    await assert.rejects(
      assume(tagged, second, { Tags: [{ Key: "Team", Value: "red" }] }),
      awsError("InvalidParameterValue", /conflicts with a transitive tag key from the calling session/u),
    );
    const lost = world.sts(keysOf(await assume(world.sts(), first, { Tags })));
    const untagged = world.ssm(keysOf(await assume(lost, second)));
    await assert.rejects(
      untagged.send(new GetParameterCommand({ Name: "/a" })),
      awsError("AccessDeniedException", /no identity-based policy/u),
    );
    await assert.rejects(
      assume(world.sts(), first, { Tags: [...Tags, { Key: "TEAM", Value: "red" }] }),
      awsError("InvalidParameterValue", /Duplicate tag keys/u),
    );
    await assert.rejects(
      assume(world.sts(), first, { Tags, TransitiveTagKeys: ["other"] }),
      awsError("InvalidParameterValue", /must be included in the requested tags/u),
    );
  });

  test("a source identity needs its own permission, and cannot be changed later", async () => {
    const set = ["sts:SetSourceIdentity"];
    const closed = await world.role("no-source", { trust: trust(root) });
    await assert.rejects(
      assume(world.sts(), closed, { SourceIdentity: "ada" }),
      awsError("AccessDenied", /sts:SetSourceIdentity/u, 403),
    );
    const chain = policy(allow(["sts:AssumeRole", "sts:SetSourceIdentity"]));
    const first = await world.role("source-1", { trust: trust(root, set), policy: chain });
    const second = await world.role("source-2", { trust: trust(root, set) });
    const output = await assume(world.sts(), first, { SourceIdentity: "ada" });
    assert.equal(output.SourceIdentity, "ada");
    const caller = world.sts(keysOf(output));
    assert.equal((await assume(caller, second)).SourceIdentity, "ada");
    await assert.rejects(
      assume(caller, second, { SourceIdentity: "eve" }),
      awsError("AccessDenied", "The source identity is already set for this assume role session", 403),
    );
  });

  test("session policies limit an assumed role too", async () => {
    const arn = await world.role("limited", { trust: trust(root), policy: policy(allow("ssm:*")) });
    const Policy = JSON.stringify(policy(allow("ssm:GetParameter")));
    const client = world.ssm(keysOf(await assume(world.sts(), arn, { Policy })));
    await client.send(new GetParameterCommand({ Name: "/a" }));
    await assert.rejects(
      client.send(new PutParameterCommand({ Name: "/b", Value: "v", Type: "String" })),
      awsError("AccessDeniedException", /no session policy/u),
    );
    await assert.rejects(
      assume(world.sts(), arn, { Policy: "{" }),
      awsError("MalformedPolicyDocument", /./u),
    );
  });

  test("a session policy that is no JSON is refused in the words of STS's parser", async () => {
    const arn = await world.role("for-no-json", { trust: trust(root) });
    await assert.rejects(
      assume(world.sts(), arn, { Policy: "invalid policy" }),
      awsError(
        "MalformedPolicyDocument",
        /^Unexpected character \('i' \(code 105\)\): expected a valid value \(number, String, array, object, 'true', 'false' or 'null'\)\n at \[Source: java\.io\.StringReader@[0-9a-f]{8}; line: 1, column: 2\]$/u,
      ),
    );
  });

  test("managed session policies limit an assumed role, and must exist and fit", async () => {
    const arn = await world.role("managed-limit", { trust: trust(root), policy: policy(allow("ssm:*")) });
    const readOnly = [{ arn: "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess" }];
    const output = await assume(world.sts(), arn, { PolicyArns: readOnly });
    assert.equal(output.PackedPolicySize, 2);
    const client = world.ssm(keysOf(output));
    await client.send(new GetParameterCommand({ Name: "/a" }));
    await assert.rejects(
      client.send(new PutParameterCommand({ Name: "/b", Value: "v", Type: "String" })),
      awsError("AccessDeniedException", /no session policy/u),
    );
    const none = [{ arn: `arn:aws:iam::${account}:policy/none` }];
    await assert.rejects(
      assume(world.sts(), arn, { PolicyArns: none }),
      awsError("ValidationError", /policy\/none does not exist or is not attachable/u),
    );
    const { Policy: long } = await world.iam().send(
      new CreatePolicyCommand({
        PolicyName: "long",
        Path: `/${"x".repeat(500)}/`,
        PolicyDocument: JSON.stringify(policy(allow("ssm:*"))),
      }),
    );
    const many = Array.from({ length: 10 }, () => ({ arn: long?.Arn ?? "" }));
    await assert.rejects(
      assume(world.sts(), arn, { PolicyArns: many }),
      awsError("PackedPolicyTooLarge", /^Packed policy consumes \d{3}% of allotted space/u),
    );
  });

  test("a Deny of the trust policy wins over its Allow", async () => {
    const both = {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Principal: { AWS: root }, Action: "sts:AssumeRole" },
        {
          Effect: "Deny",
          Principal: { AWS: "*" },
          Action: "sts:AssumeRole",
          Condition: { StringEquals: { "sts:RoleSessionName": "chain" } },
        },
      ],
    };
    const arn = await world.role("self-denying", { trust: both });
    await assert.rejects(assume(world.sts(), arn), awsError("AccessDenied", /is not authorized/u, 403));
    assert.match(world.sandbox.decisions().at(-1)?.why ?? "", /denies it/u);
    await assume(world.sts(), arn, { RoleSessionName: "other" });
  });

  test("a permissions boundary still limits whom a trust policy names as a role, not whom it names as a session", async () => {
    const { Policy: boundary } = await world.iam().send(
      new CreatePolicyCommand({
        PolicyName: "narrow",
        PolicyDocument: JSON.stringify(policy(allow("ssm:*"))),
      }),
    );
    const bounded = await world.role("bounded", { boundary: boundary?.Arn ?? "" });
    const keys = keysOf(await world.assume({ role: bounded, token: await world.token() }));
    const byRole = await world.role("trusts-bounded", { trust: trust(bounded) });
    await assert.rejects(
      assume(world.sts(keys), byRole),
      awsError("AccessDenied", /is not authorized to perform: sts:AssumeRole/u, 403),
    );
    const bySession = await world.role("trusts-session", {
      trust: trust(`arn:aws:sts::${account}:assumed-role/bounded/job`),
    });
    await assume(world.sts(keys), bySession);
  });

  test("GetSessionToken gives the administrator short-lived keys, and sessions nothing", async () => {
    const output = await world.sts().send(new GetSessionTokenCommand({ DurationSeconds: 900 }));
    const keys = keysOf(output);
    assert.match(keys.accessKeyId, /^ASIA/u);
    const client = world.sts(keys);
    const who = await client.send(new GetCallerIdentityCommand({}));
    assert.equal(who.Arn, `arn:aws:iam::${account}:user/podtrust-admin`);
    await world.ssm(keys).send(new GetParameterCommand({ Name: "/a" }));
    await assert.rejects(
      world.iam(keys).send(new GetRoleCommand({ RoleName: "limited" })),
      awsError("InvalidClientTokenId", "The security token included in the request is invalid", 403),
    );
    await assert.rejects(
      client.send(new GetSessionTokenCommand({})),
      awsError("AccessDenied", "Cannot call GetSessionToken with session credentials", 403),
    );
    await assert.rejects(
      world
        .sts()
        .send(new GetSessionTokenCommand({ SerialNumber: "arn:aws:iam::1:mfa/x", TokenCode: "123456" })),
      awsError("AccessDenied", /MultiFactorAuthentication failed/u, 403),
    );
  });

  test("an operation of STS that the sandbox lacks is refused by name", async () => {
    await assert.rejects(
      world.sts().send(new GetFederationTokenCommand({ Name: "x1" })),
      awsError("InvalidAction", /GetFederationToken/u),
    );
  });
});
