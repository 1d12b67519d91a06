/**
 * AWS's SDK for Go exchanges a web identity token before it reads AWS_ENDPOINT_URL: without AWS_ENDPOINT_URL_STS it asks
 * AWS itself. It finds the sandbox by the lines that `sandbox` and `demo --keep` print, and by them alone.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, test, type TestContext } from "node:test";
import { clientExports } from "../../src/sandbox/index.ts";
import { buildPrograms, whyNoCluster } from "../cluster/build.ts";
import { pastedIntoBash } from "../support/pasted.ts";
import { account, testSandbox } from "../support/sandbox.ts";

const missing = whyNoCluster();
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing);

async function who(t: TestContext, asJob: boolean): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-go-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const credentials = join(folder, "credentials");
  const world = await testSandbox(t, { adminCredentials: credentials });
  const exports = clientExports({ url: world.sandbox.url, region: "eu-central-1", credentials });
  const program = `'${(await buildPrograms())["aws-sdk-go"]}'`;
  if (!asJob) return pastedIntoBash(exports, program, { HOME: folder });
  const token = join(folder, "token");
  await writeFile(token, await world.token());
  return pastedIntoBash(exports, `unset AWS_SHARED_CREDENTIALS_FILE\n${program}`, {
    HOME: folder,
    AWS_ROLE_ARN: await world.role("exports"),
    AWS_WEB_IDENTITY_TOKEN_FILE: token,
    AWS_ROLE_SESSION_NAME: "job",
  });
}

describe("the exports of the sandbox, pasted into bash,", { skip: missing ?? false }, () => {
  test("point AWS's SDK for Go at it, with the administrator's keys", async (t: TestContext) => {
    assert.equal(await who(t, false), `arn:aws:iam::${account}:user/podtrust-admin`);
  });

  test("point AWS's SDK for Go at it, with a token and no keys", async (t: TestContext) => {
    assert.equal(await who(t, true), `arn:aws:sts::${account}:assumed-role/exports/job`);
  });
});
