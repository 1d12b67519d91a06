import assert from "node:assert/strict";
import { aws, awsCliMissing } from "../../support/aws-cli.ts";
import { boto3, boto3Missing } from "../../support/boto3.ts";
import { accountId, type Guide, parameter, region, roleName, sessionName } from "./world.ts";

const arn = `arn:aws:sts::${accountId}:assumed-role/${roleName}/${sessionName}`;

/** The same two questions, by boto3. */
const script = `
import boto3
print(boto3.client("sts").get_caller_identity()["Arn"])
pages = boto3.client("ssm").get_paginator("get_parameters_by_path")
for page in pages.paginate(Path="/", Recursive=True, WithDecryption=True):
    for found in page["Parameters"]:
        print(found["Name"], found["Value"])
`;

/** What a pod has in its environment, for a client outside with a token of the real TokenRequest. */
async function environmentOf(guide: Guide): Promise<Readonly<Record<string, string>>> {
  return {
    AWS_ENDPOINT_URL: guide.the("sandboxUrl"),
    AWS_DEFAULT_REGION: region,
    AWS_ROLE_ARN: guide.the("account").roleArn,
    AWS_ROLE_SESSION_NAME: sessionName,
    AWS_WEB_IDENTITY_TOKEN_FILE: guide.write("token.jwt", await guide.mint()),
  };
}

/** The guide's two commands. */
async function askByAwsCli(env: Readonly<Record<string, string>>): Promise<void> {
  const who = await aws(["sts", "get-caller-identity"], env);
  assert.equal(who.code, 0, who.err);
  assert.equal((JSON.parse(who.out) as { Arn: string }).Arn, arn);
  const list = ["ssm", "get-parameters-by-path", "--path", "/", "--recursive", "--with-decryption"];
  const read = await aws([...list, "--query", "Parameters[*].[Name]", "--output", "text"], env);
  assert.deepEqual([read.code, read.out.trim()], [0, parameter], read.err);
}

async function askByBoto3(env: Readonly<Record<string, string>>): Promise<void> {
  const { code, out, err } = await boto3(script, env);
  assert.deepEqual([code, out.trim().split("\n")], [0, [arn, `${parameter} hello`]], err);
}

/** What the guide's log shows: who the pod is to AWS, and which parameters it may read; and every link holds. */
export async function step(guide: Guide, leaveOut: (why: string) => void): Promise<void> {
  const lines = guide.the("demoLog").split("\n");
  assert.ok(lines.includes(`I am ${arn}`), guide.the("demoLog"));
  assert.ok(lines.includes(`  ${parameter}`), guide.the("demoLog"));
  await guide.podtrust(["status", ...guide.route]);
  const env = await environmentOf(guide);
  const clients = [
    ["the AWS CLI", await awsCliMissing(), askByAwsCli],
    ["boto3", await boto3Missing(), askByBoto3],
  ] as const;
  for (const [name, missing, ask] of clients) {
    if (missing === undefined) await ask(env);
    else leaveOut(`${name} is left out: ${missing}`);
  }
}
