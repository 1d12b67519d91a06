import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { CreateRoleCommand, IAMClient, ListRolesCommand } from "@aws-sdk/client-iam";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import type { PodtrustError } from "../../src/base/index.ts";
import {
  type ConnectedIssuer,
  connectSandbox,
  type IssuerFault,
  type Sandbox,
  type SandboxIssuer,
  type SandboxProcess,
  type Seed,
  startSandbox,
  startSandboxProcess,
} from "../../src/sandbox/index.ts";
import { isAlive, untilGone } from "../cluster/harness/endings.ts";
import { allow, awsError, type Credentials, keysOf, policy } from "../support/sandbox.ts";

const cart = { namespace: "shop", name: "cart" };
const trustPolicy = policy({
  Effect: "Allow",
  Principal: { Federated: "arn:aws:iam::111122223333:oidc-provider/oidc.podtrust.test" },
  Action: "sts:AssumeRoleWithWebIdentity",
  Condition: { StringEquals: { "oidc.podtrust.test:sub": "system:serviceaccount:shop:cart" } },
});
const providers = [{ url: "https://oidc.podtrust.test", audiences: ["sts.amazonaws.com"] }];
const shop: Seed = {
  providers,
  roles: [{ name: "cart", trustPolicy, inline: { read: policy(allow("ssm:GetParameter")) } }],
  parameters: [{ name: "/cart/color", value: "red", region: "eu-central-1" }],
};

// One text for both: what it awaits is a value here and a promise there.
const ways: readonly [string, () => Promise<Sandbox | SandboxProcess>][] = [
  ["in the same process", () => startSandbox()],
  ["in a process of its own", () => startSandboxProcess()],
];
for (const [where, start] of ways) {
  describe(`a sandbox ${where}, each of whose calls is awaited,`, () => {
    let sandbox: Sandbox | SandboxProcess;
    let issuer: ConnectedIssuer | SandboxIssuer;
    const clients: { destroy(): void }[] = [];
    before(async () => {
      sandbox = await start();
      issuer = await sandbox.issuer();
    });
    beforeEach(() => sandbox.reset());
    after(async () => {
      for (const one of clients) one.destroy();
      await sandbox.close();
    });

    function client<T extends { destroy(): void }>(
      Client: new (config: object) => T,
      credentials: Credentials = sandbox.admin,
    ): T {
      const made = new Client({ endpoint: sandbox.url, region: "eu-central-1", credentials, maxAttempts: 1 });
      clients.push(made);
      return made;
    }

    async function assume(token: string): Promise<Credentials> {
      const input = {
        RoleArn: `arn:aws:iam::${sandbox.account}:role/cart`,
        RoleSessionName: "job",
        WebIdentityToken: token,
      };
      return keysOf(await client(STSClient).send(new AssumeRoleWithWebIdentityCommand(input)));
    }

    test("is seeded, mints tokens of its cluster, and gives for them what reads the parameter", async () => {
      await sandbox.seed(shop);
      const job = await assume(await issuer.token(cart));
      const asked = new GetParameterCommand({ Name: "/cart/color" });
      assert.equal((await client(SSMClient, job).send(asked)).Parameter?.Value, "red");
    });

    test("refuses a seed as AWS would, with its code", async () => {
      await assert.rejects(
        async () => sandbox.seed({ parameters: [{ name: "aws", value: "x" }] }),
        (error: PodtrustError) => {
          assert.equal(error.code, "sandbox-seed");
          assert.match(error.message, /^parameter aws: PutParameter: /u);
          assert.ok(error.next !== "" && error.detail["awsCode"] !== undefined);
          return true;
        },
      );
    });

    test("says whom it refused, and by which rule", async () => {
      await sandbox.seed(shop);
      const till = await issuer.token({ ...cart, name: "till" });
      await assert.rejects(assume(till), awsError("AccessDenied", /./u, 403));
      const [refusal, ...others] = await sandbox.decisions({ decision: "deny", who: "shop:till" });
      assert.deepEqual([refusal?.rule, others], ["trust-policy", []]);
      assert.deepEqual(await sandbox.decisions({ decision: "allow" }), []);
    });

    test("has a clock that ends sessions when it is moved, and moves forward alone", async () => {
      await sandbox.seed(shop);
      const job = await assume(await issuer.token(cart));
      const earlier = await sandbox.clock.now();
      await sandbox.clock.advance(3_601_000);
      assert.ok((await sandbox.clock.now()) - earlier >= 3_601_000);
      const asked = client(STSClient, job).send(new GetCallerIdentityCommand({}));
      await assert.rejects(asked, awsError("ExpiredToken", /./u, 403));
      await assert.rejects(async () => sandbox.clock.advance(-1), /a clock moves forward/u);
    });

    test("has STS see a new role at once when it is told to", async () => {
      await sandbox.seed({ providers });
      const role = { RoleName: "cart", AssumeRolePolicyDocument: JSON.stringify(trustPolicy) };
      await client(IAMClient).send(new CreateRoleCommand(role));
      await assert.rejects(assume(await issuer.token(cart)), awsError("AccessDenied", /./u, 403));
      await sandbox.spread();
      await assume(await issuer.token(cart));
    });

    for (const fault of ["not-found", "wrong-issuer", "key-gone"] satisfies IssuerFault[]) {
      test(`has an issuer that fails as ${fault}, and is mended`, async () => {
        await sandbox.seed(shop);
        await issuer.fail(fault);
        await assert.rejects(assume(await issuer.token(cart)), /Couldn't retrieve verification key/u);
        await issuer.fail(undefined);
        await assume(await issuer.token(cart));
      });
    }

    test("is empty after a reset but for its administrator, whose keys go on working", async () => {
      await sandbox.seed(shop);
      const job = await assume(await issuer.token(cart));
      await issuer.fail("key-gone");
      await sandbox.reset();
      assert.deepEqual(await sandbox.decisions(), []);
      assert.deepEqual((await client(IAMClient).send(new ListRolesCommand({}))).Roles, []);
      const asked = client(STSClient, job).send(new GetCallerIdentityCommand({}));
      await assert.rejects(asked, awsError("InvalidClientTokenId", /./u, 403));
      await sandbox.seed(shop);
      await assume(await issuer.token(cart));
    });

    test("is shared with other processes by its URL and its token", async () => {
      const other = await connectSandbox({ url: sandbox.url, token: sandbox.controlToken });
      await other.seed(shop);
      await assume(await (await other.issuer()).token(cart));
      assert.equal((await sandbox.decisions({ service: "sts", decision: "allow" })).length, 1);
    });
  });
}

const door = pathToFileURL(join(import.meta.dirname, "../../src/sandbox/index.ts")).href;

/** Runs a program that starts a sandbox in a process of its own and prints its number; then what it goes on with. */
async function programThat(goesOn: string): Promise<{ sandbox: number; program: ReturnType<typeof spawn> }> {
  const script = `import { startSandboxProcess } from ${JSON.stringify(door)};
const sandbox = await startSandboxProcess();
console.log(sandbox.pid);
${goesOn}`;
  const args = ["--input-type=module-typescript", "--eval", script];
  const program = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = (await once(program.stdout, "data")) as [Buffer];
  return { sandbox: Number(said.toString()), program };
}

describe("the process of a sandbox of its own", () => {
  test("is gone after await using, and its port with it", async () => {
    let [pid, url] = [0, ""];
    {
      await using sandbox = await startSandboxProcess();
      [pid, url] = [sandbox.pid, sandbox.url];
      assert.ok(isAlive(pid) && pid !== process.pid);
    }
    assert.ok(!isAlive(pid));
    await assert.rejects(fetch(url), /fetch failed/u);
  });

  test("closed twice, or from two sides at once, is closed once", async () => {
    const sandbox = await startSandboxProcess();
    await Promise.all([sandbox.close(), sandbox.close()]);
    await sandbox.close();
    assert.ok(!isAlive(sandbox.pid));
  });

  test("ends with the program that started it, also where that was killed", async () => {
    const { sandbox, program } = await programThat("setInterval(() => {}, 60_000);");
    assert.ok(isAlive(sandbox));
    program.kill("SIGKILL");
    await untilGone([sandbox]);
  });

  test("does not keep a program running that forgot to close it, and ends then", async () => {
    const { sandbox, program } = await programThat("");
    const [code] = (await once(program, "exit")) as [number];
    assert.equal(code, 0);
    await untilGone([sandbox]);
  });

  test("that was killed is named when it is asked something", async () => {
    const sandbox = await startSandboxProcess();
    process.kill(sandbox.pid, "SIGKILL");
    await untilGone([sandbox.pid]);
    await assert.rejects(sandbox.decisions(), (error: PodtrustError) => {
      assert.equal(error.code, "sandbox-process-ended");
      assert.equal(error.message, `the sandbox's process ${sandbox.pid} ended by SIGKILL`);
      return true;
    });
    await sandbox.close();
  });

  test("is not started with an option that would not reach it", async () => {
    const options = { account: "444455556666", onDecision: () => undefined };
    await assert.rejects(startSandboxProcess(options), (error: TypeError) => {
      assert.match(error.message, /^onDecision /u);
      return error instanceof TypeError;
    });
  });
});

describe("the process of a sandbox of its own, while it runs,", () => {
  let sandbox: SandboxProcess;
  before(async () => {
    sandbox = await startSandboxProcess({ account: "444455556666", propagationMs: 0 });
  });
  after(() => sandbox.close());

  test("outlives the interrupt of a terminal, so that its program may still ask it", async () => {
    process.kill(sandbox.pid, "SIGINT");
    await sandbox.seed(shop);
    assert.deepEqual(await sandbox.decisions({ decision: "deny" }), []);
  });

  test("shows its secrets neither in its arguments nor in its environment", async () => {
    for (const file of ["cmdline", "environ"]) {
      const text = await readFile(`/proc/${sandbox.pid}/${file}`, "latin1");
      assert.ok(text.length > 0);
      for (const secret of [sandbox.controlToken, sandbox.admin.secretAccessKey, sandbox.account])
        assert.ok(!text.includes(secret));
    }
  });

  test("takes the options of a sandbox, and refuses what its sandbox refuses in the same words", async () => {
    assert.equal(sandbox.account, "444455556666");
    const port = Number(new URL(sandbox.url).port);
    const refusals = [
      [{ port }, "sandbox-listen", /EADDRINUSE/u],
      [{ account: "1" }, "usage", /^the account 1 is not a number of twelve digits$/u],
    ] as const;
    for (const [options, code, sentence] of refusals) {
      await assert.rejects(startSandboxProcess(options), (error: PodtrustError) => {
        assert.equal(error.code, code);
        assert.match(error.message, sentence);
        return true;
      });
    }
  });
});
