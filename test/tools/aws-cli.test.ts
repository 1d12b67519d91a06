import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { defined } from "../../src/core/base/index.ts";
import { aws, awsCliMissing } from "../support/aws-cli.ts";
import type { ProgramRun } from "../support/python-venv.ts";
import {
  account,
  ecKey,
  policy,
  startTestSandbox,
  subject,
  type TestSandbox,
  webIdentityTrust,
} from "../support/sandbox.ts";

const missing = await awsCliMissing();
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing);
if (missing !== undefined) console.log(`left out: the AWS CLI against the sandbox: ${missing}`);
const options = defined({ skip: missing });

let world: TestSandbox;
let folder: string;
let admin: Record<string, string>;

before(async () => {
  if (missing !== undefined) return;
  folder = await mkdtemp(join(tmpdir(), "podtrust-aws-cli-"));
  const credentials = join(folder, "credentials");
  world = await startTestSandbox({ adminCredentials: credentials });
  admin = { AWS_ENDPOINT_URL: world.sandbox.url, AWS_SHARED_CREDENTIALS_FILE: credentials };
});
after(async () => {
  await world?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

async function asAdmin(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, out, err } = await aws([...args, "--output", "json"], admin);
  assert.equal(code, 0, err);
  return (out === "" ? {} : JSON.parse(out)) as Record<string, unknown>;
}

/** Runs a command as the guide's job does: the role and the token's file in the environment, and no keys. */
async function asJob(token: string, ...args: readonly string[]): Promise<ProgramRun> {
  const file = join(folder, "token");
  await writeFile(file, token);
  return aws([...args, "--output", "json"], {
    AWS_ENDPOINT_URL: world.sandbox.url,
    AWS_ROLE_ARN: `arn:aws:iam::${account}:role/cli`,
    AWS_WEB_IDENTITY_TOKEN_FILE: file,
    AWS_ROLE_SESSION_NAME: "cli-session",
  });
}

test("the AWS CLI fills IAM with the administrator's file of keys", options, async () => {
  const who = await asAdmin("sts", "get-caller-identity");
  assert.equal(who["Arn"], `arn:aws:iam::${account}:user/podtrust-admin`);
  const trust = JSON.stringify(webIdentityTrust(world.providerArn));
  const deny = JSON.stringify(policy({ Effect: "Deny", Action: "ssm:GetParameter", Resource: "*" }));
  const created = await asAdmin(
    "iam",
    "create-role",
    "--role-name",
    "cli",
    "--assume-role-policy-document",
    trust,
  );
  assert.match(JSON.stringify(created), /arn:aws:iam::111122223333:role\/cli/u);
  const readOnly = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess";
  await asAdmin("iam", "attach-role-policy", "--role-name", "cli", "--policy-arn", readOnly);
  await asAdmin(
    "iam",
    "put-role-policy",
    "--role-name",
    "cli",
    "--policy-name",
    "no",
    "--policy-document",
    deny,
  );
  const role = (await asAdmin("iam", "get-role", "--role-name", "cli"))["Role"] as Record<string, unknown>;
  assert.deepEqual(role["AssumeRolePolicyDocument"], webIdentityTrust(world.providerArn));
  const providers = await asAdmin("iam", "list-open-id-connect-providers");
  assert.deepEqual(providers, { OpenIDConnectProviderList: [{ Arn: world.providerArn }] });
  for (const [name, type] of [
    ["/cli/a", "String"],
    ["/cli/b", "SecureString"],
  ]) {
    await asAdmin("ssm", "put-parameter", "--name", name ?? "", "--type", type ?? "", "--value", "v");
  }
});

test("with role and token in the environment, the CLI acts as the role", options, async () => {
  const who = await asJob(await world.token(), "sts", "get-caller-identity");
  assert.equal(who.code, 0, who.err);
  assert.equal(
    (JSON.parse(who.out) as { Arn: string }).Arn,
    `arn:aws:sts::${account}:assumed-role/cli/cli-session`,
  );
  const list = await asJob(
    await world.token(),
    "ssm",
    "get-parameters-by-path",
    "--path",
    "/cli",
    "--with-decryption",
    "--query",
    "Parameters[].[Name,Value]",
  );
  assert.deepEqual(JSON.parse(list.out), [
    ["/cli/a", "v"],
    ["/cli/b", "v"],
  ]);
});

test("the AWS CLI shows the sandbox's refusals as AWS's", options, async () => {
  const denied = await asJob(await world.token(), "ssm", "get-parameter", "--name", "/cli/a");
  assert.notEqual(denied.code, 0);
  assert.ok(
    denied.err.includes(
      `An error occurred (AccessDeniedException) when calling the GetParameter operation: User: arn:aws:sts::${account}:assumed-role/cli/cli-session is not authorized to perform: ssm:GetParameter on resource: arn:aws:ssm:eu-central-1:${account}:parameter/cli/a with an explicit deny in an identity-based policy`,
    ),
    denied.err,
  );
  const stranger = await asJob(
    await world.token({ sub: "system:serviceaccount:aws-test:other" }),
    "sts",
    "get-caller-identity",
  );
  assert.ok(
    stranger.err.includes(
      "An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: Not authorized to perform sts:AssumeRoleWithWebIdentity",
    ),
    stranger.err,
  );
  const forged = await asJob(await world.token({}, {}, ecKey("first")), "sts", "get-caller-identity");
  assert.match(
    forged.err,
    /\(InvalidIdentityToken\) when calling the AssumeRoleWithWebIdentity operation: The web/u,
  );
  const unknown = await aws(["iam", "list-users"], admin);
  assert.match(unknown.err, /\(InvalidAction\) when calling the ListUsers operation: /u);
});

test(
  "a service that the sandbox lacks is refused by name at the first try, in the service's own form",
  options,
  async () => {
    const calls: readonly (readonly [service: string, call: string, operation: string])[] = [
      ["s3", "ls", "GET /"],
      ["ec2", "describe-regions", "DescribeRegions"],
      ["lambda", "list-functions", "GET /2015-03-31/functions"],
      ["dynamodb", "list-tables", "ListTables"],
      ["sns", "list-topics", "ListTopics"],
      ["route53", "list-hosted-zones", "GET /2013-04-01/hostedzone"],
    ];
    for (const [service, call, operation] of calls) {
      const { code, err } = await aws([service, call], admin);
      assert.notEqual(code, 0);
      assert.match(
        err,
        new RegExp(
          `An error occurred \\(InvalidAction\\) when calling the \\w+ operation: This sandbox does not implement ${service}: `,
          "u",
        ),
      );
      assert.doesNotMatch(err, /reached max retries/u);
      const asked = world.sandbox.decisions().filter(({ action }) => action.startsWith(`${service}:`));
      assert.deepEqual(
        asked.map(({ action, decision, rule, code: said }) => [action, decision, rule, said]),
        [[`${service}:${operation}`, "invalid", "service-implemented", "InvalidAction"]],
      );
    }
    const { code, out } = await aws(
      ["resourcegroupstaggingapi", "get-resources", "--resource-type-filters", "ssm", "--output", "json"],
      admin,
    );
    assert.deepEqual([code, JSON.parse(out)], [0, { ResourceTagMappingList: [] }]);
  },
);

function byHand(token: string): readonly string[] {
  const role = ["--role-arn", `arn:aws:iam::${account}:role/cli`, "--role-session-name", "by-hand"];
  return ["sts", "assume-role-with-web-identity", "--output", "json", ...role, "--web-identity-token", token];
}

test(
  "assume-role-with-web-identity by hand gives all that the CLI knows of the answer",
  options,
  async () => {
    const { code, out, err } = await aws(byHand(await world.token()), {
      AWS_ENDPOINT_URL: world.sandbox.url,
    });
    assert.equal(code, 0, err);
    const answer = JSON.parse(out) as Record<string, unknown>;
    assert.deepEqual(Object.keys(answer).sort(), [
      "AssumedRoleUser",
      "Audience",
      "Credentials",
      "PackedPolicySize",
      "Provider",
      "SubjectFromWebIdentityToken",
    ]);
    assert.equal(answer["SubjectFromWebIdentityToken"], subject);
  },
);
