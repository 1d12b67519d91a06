/** Accounts of one sandbox, as tests have them that run beside others: by the library, by its process and over the control API. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { GetRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
  STSClient,
} from "@aws-sdk/client-sts";
import { defined } from "../../src/core/base/index.ts";
import {
  type AccountConnection,
  connectSandbox,
  type Sandbox,
  type SandboxAccount,
  type SandboxConnection,
  type SandboxOptions,
  startSandbox,
} from "../../src/sandbox/index.ts";

type Account = SandboxAccount | AccountConnection;

async function started(t: TestContext, options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox(options);
  t.after(() => sandbox.close());
  return sandbox;
}

/** Both ways to the same sandbox. */
async function both(t: TestContext): Promise<readonly (readonly [string, Sandbox | SandboxConnection])[]> {
  const sandbox = await started(t);
  const connection = await connectSandbox({ url: sandbox.url, token: sandbox.controlToken });
  return [
    ["in its own process", sandbox],
    ["over the control API", connection],
  ];
}

type Keys = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };

const config = (url: string, credentials?: Keys): object => ({
  endpoint: url,
  region: "us-east-1",
  maxAttempts: 1,
  ...defined({ credentials }),
});

/** What every test of a shop has: a provider, a role for the cart, a parameter with this value. */
async function seed(account: Account, color: string): Promise<void> {
  const issuer = await account.issuer();
  const trustPolicy = {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Federated: `arn:aws:iam::${account.account}:oidc-provider/oidc.podtrust.test` },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: { StringEquals: { "oidc.podtrust.test:sub": "system:serviceaccount:shop:cart" } },
      },
    ],
  };
  await account.seed({
    providers: [{ url: issuer.url, audiences: ["sts.amazonaws.com"] }],
    roles: [{ name: "cart", trustPolicy, policies: ["arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess"] }],
    parameters: [{ name: "/cart/color", value: color }],
  });
}

/** The credentials that a token of a ServiceAccount gets for the cart's role. */
async function exchange(account: Account, token: string): Promise<Keys> {
  const sts = new STSClient(config(account.url));
  const { Credentials: keys } = await sts.send(
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: `arn:aws:iam::${account.account}:role/cart`,
      RoleSessionName: "job",
      WebIdentityToken: token,
    }),
  );
  return {
    accessKeyId: keys?.AccessKeyId ?? "",
    secretAccessKey: keys?.SecretAccessKey ?? "",
    sessionToken: keys?.SessionToken ?? "",
  };
}

async function tokenOf(account: Account, name: string): Promise<string> {
  return (await account.issuer()).token({ namespace: "shop", name });
}

/** One test of a suite: everything that the page of Go does, and what it must find alone. */
async function suite(account: Account, color: string): Promise<void> {
  await account.reset();
  await seed(account, color);
  const keys = await exchange(account, await tokenOf(account, "cart"));
  const ssm = new SSMClient(config(account.url, keys));
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: "/cart/color" }));
  assert.equal(Parameter?.Value, color);
  await assert.rejects(exchange(account, await tokenOf(account, "till")), { name: "AccessDenied" });
  const denied = await account.decisions({ decision: "deny", action: "AssumeRoleWithWebIdentity" });
  assert.deepEqual(
    denied.map(({ rule }) => rule),
    ["trust-policy"],
  );
}

describe("accounts of one sandbox", () => {
  test("four suites that do the same at the same time, three times each, do not meet", async (t) => {
    for (const [, sandbox] of await both(t)) {
      await Promise.all(
        Array.from({ length: 4 }, async (_, worker) => {
          await using account = await sandbox.newAccount();
          for (let round = 0; round < 3; round += 1) await suite(account, `color-${worker}-${round}`);
        }),
      );
      assert.deepEqual(await sandbox.decisions(), [], "the first account saw nothing of it");
    }
  });

  test("numbers stand in their ARNs, and keys of one are worth nothing in another", async (t) => {
    for (const [, sandbox] of await both(t)) {
      const [one, other] = await Promise.all([sandbox.newAccount(), sandbox.newAccount()]);
      assert.match(one.account, /^\d{12}$/u);
      assert.equal(new Set([sandbox.account, one.account, other.account]).size, 3);
      for (const account of [sandbox, one, other]) {
        const sts = new STSClient(config(sandbox.url, account.admin));
        const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
        assert.equal(Arn, `arn:aws:iam::${account.account}:user/podtrust-admin`);
      }
      await seed(one, "red");
      const iam = new IAMClient(config(sandbox.url, other.admin));
      await assert.rejects(iam.send(new GetRoleCommand({ RoleName: "cart" })), {
        name: "NoSuchEntityException",
      });
      const sts = new STSClient(config(sandbox.url, other.admin));
      const role = { RoleArn: `arn:aws:iam::${one.account}:role/cart`, RoleSessionName: "thief" };
      await assert.rejects(sts.send(new AssumeRoleCommand(role)), { name: "AccessDenied" });
      const mixed = { accessKeyId: one.admin.accessKeyId, secretAccessKey: other.admin.secretAccessKey };
      const thief = new STSClient(config(sandbox.url, mixed));
      await assert.rejects(thief.send(new GetCallerIdentityCommand({})), { name: "SignatureDoesNotMatch" });
    }
  });

  test("a token of one account's issuer is refused in another, though both have the same URL", async (t) => {
    const sandbox = await started(t);
    const [one, other] = await Promise.all([sandbox.newAccount(), sandbox.newAccount()]);
    await Promise.all([seed(one, "red"), seed(other, "blue")]);
    await assert.rejects(exchange(other, await tokenOf(one, "cart")), {
      name: "InvalidIdentityTokenException",
    });
    assert.ok((await exchange(other, await tokenOf(other, "cart"))).accessKeyId.startsWith("ASIA"));
  });

  test("time, faults of the issuer and a reset are one account's alone", async (t) => {
    for (const [, sandbox] of await both(t)) {
      const [one, other] = await Promise.all([sandbox.newAccount(), sandbox.newAccount()]);
      await Promise.all([seed(one, "red"), seed(other, "blue")]);
      const keys = await exchange(other, await tokenOf(other, "cart"));
      await one.clock.advance(7_200_000);
      await (await one.issuer()).fail("key-gone");
      assert.ok((await one.clock.now()) - (await other.clock.now()) > 7_000_000);
      await assert.rejects(exchange(one, await tokenOf(one, "cart")), /verification key/u);
      assert.ok((await exchange(other, await tokenOf(other, "cart"))).accessKeyId);
      await one.reset();
      assert.ok((await one.clock.now()) - (await other.clock.now()) < 60_000);
      assert.deepEqual(await one.decisions(), []);
      assert.ok((await other.decisions()).length >= 2);
      const sts = new STSClient(config(sandbox.url, keys));
      const { Account } = await sts.send(new GetCallerIdentityCommand({}));
      assert.equal(Account, other.account);
    }
  });

  test("a closed account answers nothing more, neither to its keys nor to a token", async (t) => {
    for (const [, sandbox] of await both(t)) {
      const account = await sandbox.newAccount();
      await seed(account, "red");
      const token = await tokenOf(account, "cart");
      await account.close();
      await assert.rejects(exchange(account, token), { name: "InvalidIdentityTokenException" });
      const sts = new STSClient(config(sandbox.url, account.admin));
      await assert.rejects(sts.send(new GetCallerIdentityCommand({})), { name: "InvalidClientTokenId" });
    }
  });

  test("a thousand are the most, and each that is closed makes room for another", async (t) => {
    const sandbox = await started(t);
    const accounts = [];
    for (let count = 0; count < 1000; count += 1) accounts.push(await sandbox.newAccount());
    await assert.rejects(sandbox.newAccount(), {
      code: "sandbox-control-request",
      message: /1000 accounts/u,
    });
    await accounts[500]?.close();
    await sandbox.newAccount();
    assert.equal(new Set(accounts.map(({ account }) => account)).size, 1000);
  });

  test("the page counts what stands in them, and shows the first account's decisions", async (t) => {
    const sandbox = await started(t);
    const account = await sandbox.newAccount();
    await seed(account, "red");
    const page = await (await fetch(sandbox.url)).text();
    assert.match(page, new RegExp(`Further accounts[^]*${account.account}`, "u"));
  });
});
