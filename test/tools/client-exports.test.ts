/** The lines that `sandbox` and `demo --keep` print, pasted into a shell: each client finds the sandbox by them alone. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { clientExports } from "../../src/sandbox/index.ts";
import { awsCliMissing, awsCliVenv } from "../support/aws-cli.ts";
import { boto3Missing, boto3Venv } from "../support/boto3.ts";
import { pastedIntoBash } from "../support/pasted.ts";
import { account, startTestSandbox, type TestSandbox } from "../support/sandbox.ts";

const missing = (await awsCliMissing()) ?? (await boto3Missing());
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing);
const skip = missing ?? false;

let world: TestSandbox;
let folder: string;
let exports: readonly string[];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "podtrust exports-"));
  const credentials = join(folder, "admin's keys.ini");
  world = await startTestSandbox({ adminCredentials: credentials });
  exports = clientExports({ url: world.sandbox.url, region: "eu-central-1", credentials });
});
after(async () => {
  await world.close();
  await rm(folder, { recursive: true, force: true });
});

const pasted = (command: string, env: Readonly<Record<string, string>> = {}): Promise<string> =>
  pastedIntoBash(exports, command, { HOME: folder, ...env });

/** Environment of a job: a role and a token's file, and no keys. */
async function job(): Promise<Record<string, string>> {
  const role = `arn:aws:iam::${account}:role/exports`;
  const token = join(folder, "token");
  await writeFile(token, await world.token());
  return { AWS_ROLE_ARN: role, AWS_WEB_IDENTITY_TOKEN_FILE: token, AWS_ROLE_SESSION_NAME: "job" };
}

const boto3 = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])";
const js = `import { STSClient, GetCallerIdentityCommand } from "@aws-sdk/client-sts";
console.log((await new STSClient({}).send(new GetCallerIdentityCommand({}))).Arn);`;
const clients: readonly (readonly [name: string, command: () => string])[] = [
  ["the AWS CLI", () => `'${awsCliVenv.program("aws")}' sts get-caller-identity --query Arn --output text`],
  ["boto3", () => `'${boto3Venv.program("python")}' -c "${boto3}"`],
  ["the SDK for JavaScript", () => `'${process.execPath}' --input-type=module -e '${js}'`],
];

describe("the exports of the sandbox, pasted into bash,", { skip }, () => {
  for (const [name, command] of clients) {
    test(`point ${name} at it, with the administrator's keys`, async () => {
      assert.equal(await pasted(command()), `arn:aws:iam::${account}:user/podtrust-admin`);
    });

    test(`point ${name} at it, with a token and no keys`, async () => {
      if (world.sandbox.decisions().every(({ action }) => action !== "iam:CreateRole"))
        await world.role("exports");
      const found = await pasted(`unset AWS_SHARED_CREDENTIALS_FILE\n${command()}`, await job());
      assert.equal(found, `arn:aws:sts::${account}:assumed-role/exports/job`);
    });
  }
});
