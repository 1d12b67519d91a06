import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { CreateRoleCommand, IAMClient, ListRolesCommand } from "@aws-sdk/client-iam";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import type { PodtrustError } from "../../../src/core/base/index.ts";
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
} from "../../../src/sandbox/index.ts";
import { allow, awsError, type Credentials, keysOf, policy } from "../../support/sandbox.ts";

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
