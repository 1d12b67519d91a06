import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { GetRoleCommand, IAMClient, ListOpenIDConnectProvidersCommand } from "@aws-sdk/client-iam";
import { fromIni } from "@aws-sdk/credential-providers";
import { PodtrustError } from "../../src/core/base/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { createProvider, createRole, iamSandbox, providerArn } from "../support/iam.ts";

async function folder(t: TestContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "podtrust-sandbox-"));
  t.after(() => rm(made, { recursive: true, force: true }));
  return made;
}

describe("a sandbox", () => {
  test("has everything when it is started again on its folder, keys and sessions too", async (t) => {
    const stateDir = join(await folder(t), "state");
    const first = await iamSandbox(t, { stateDir });
    await createProvider(first.iam);
    await createRole(first.iam, "demo");
    const session = await first.assume("demo");
    const credentials = await session.config.credentials();
    await first.sandbox.close();
    const second = await iamSandbox(t, { stateDir });
    assert.equal(second.sandbox.admin.secretAccessKey, first.sandbox.admin.secretAccessKey);
    const { OpenIDConnectProviderList: providers } = await second.iam.send(
      new ListOpenIDConnectProvidersCommand({}),
    );
    assert.deepEqual(providers, [{ Arn: providerArn }]);
    const again = new IAMClient({
      endpoint: second.sandbox.url,
      region: "eu-central-1",
      credentials,
      maxAttempts: 1,
    });
    t.after(() => again.destroy());
    await assert.rejects(again.send(new GetRoleCommand({ RoleName: "demo" })), {
      message: /assumed-role\/demo\/session is not authorized/u,
    });
    for (const name of ["keys", "sessions", "roles", "providers"]) {
      assert.equal((await stat(join(stateDir, `${name}.json`))).mode & 0o777, 0o600, name);
    }
    assert.doesNotMatch(await readFile(join(stateDir, "roles.json"), "utf8"), /secret/iu);
  });

  test("knows nothing of an earlier sandbox when it has no folder", async (t) => {
    const first = await iamSandbox(t);
    await createRole(first.iam, "demo");
    const second = await iamSandbox(t);
    await assert.rejects(second.iam.send(new GetRoleCommand({ RoleName: "demo" })), {
      name: "NoSuchEntityException",
    });
    assert.notEqual(second.sandbox.admin.accessKeyId, first.sandbox.admin.accessKeyId);
  });

  test("writes the administrator's keys as AWS's SDKs read them, for their owner only", async (t) => {
    const file = join(await folder(t), "credentials");
    const { sandbox } = await iamSandbox(t, { adminCredentials: file });
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    const credentials = await fromIni({ filepath: file, ignoreCache: true })();
    assert.equal(credentials.accessKeyId, sandbox.admin.accessKeyId);
    assert.equal(credentials.secretAccessKey, sandbox.admin.secretAccessKey);
  });

  test("refuses by name an account that is no number, a file that cannot be written and a taken port", async (t) => {
    const code = (wanted: string) => (error: unknown) =>
      error instanceof PodtrustError && error.code === wanted;
    await assert.rejects(startSandbox({ account: "demo" }), code("usage"));
    const file = join(await folder(t), "absent", "credentials");
    await assert.rejects(startSandbox({ adminCredentials: file }), code("file-unwritable"));
    const running = await startSandbox();
    t.after(() => running.close());
    const port = Number(new URL(running.url).port);
    await assert.rejects(startSandbox({ port }), code("sandbox-listen"));
  });

  test("reports decisions as they are made, and keeps them", async (t) => {
    const reported: string[] = [];
    const { sandbox, iam } = await iamSandbox(t, { onDecision: ({ action }) => reported.push(action) });
    for (let index = 0; index < 3; index += 1) {
      await iam.send(new ListOpenIDConnectProvidersCommand({}));
    }
    await assert.rejects(iam.send(new GetRoleCommand({ RoleName: "absent" })));
    assert.equal(reported.length, 4);
    const kept = sandbox.decisions();
    assert.equal(kept.length, 4);
    const last = kept.at(-1);
    assert.equal(last?.action, "iam:GetRole");
    assert.equal(last?.decision, "allow");
    assert.equal(last?.code, "NoSuchEntity");
  });
});
