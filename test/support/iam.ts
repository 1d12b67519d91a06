import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import {
  AttachRolePolicyCommand,
  CreateOpenIDConnectProviderCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  IAMClient,
} from "@aws-sdk/client-iam";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { defined } from "../../src/core/base/index.ts";
import { type Sandbox, type SandboxOptions, startSandbox } from "../../src/sandbox/index.ts";

export const account = "111122223333";
export const issuer = "https://oidc.example.test/cluster";
export const providerArn = `arn:aws:iam::${account}:oidc-provider/oidc.example.test/cluster`;
export const thumbprint = "9e99a48a9960b14926bb7f3b02e22da2b0ab7280";
export const ssmReadOnly = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess";

/** Lets the account's administrator assume the role. */
export const trustPolicy = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: "sts:AssumeRole" },
  ],
});

/** One statement as a policy's text. */
export function policyOf(...statements: readonly object[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

export const allowAll = policyOf({ Effect: "Allow", Action: "*", Resource: "*" });

/** A sandbox on loopback and AWS's client for IAM, with an administrator's keys. */
export interface IamSandbox {
  readonly sandbox: Sandbox;
  readonly iam: IAMClient;
  /** IAM's client with a role's session, which may do what the role's policies say. */
  readonly assume: (role: string, session?: { policy?: string; name?: string }) => Promise<IAMClient>;
}

/** Starts it; both end with the test. Changes spread at once, unless `spreads` says that they take their usual time. */
export async function iamSandbox(
  t: TestContext,
  { spreads = "at once", ...options }: SandboxOptions & { spreads?: "at once" | "usually" } = {},
): Promise<IamSandbox> {
  const sandbox = await startSandbox({
    account,
    ...(spreads === "at once" ? { propagationMs: 0 } : {}),
    ...options,
  });
  const config = {
    endpoint: sandbox.url,
    region: "eu-central-1",
    credentials: sandbox.admin,
    maxAttempts: 1,
  };
  const clients: IAMClient[] = [new IAMClient(config)];
  const sts = new STSClient(config);
  t.after(async () => {
    for (const client of [...clients, sts]) client.destroy();
    await sandbox.close();
  });
  return {
    sandbox,
    iam: clients[0] as IAMClient,
    async assume(role, { policy, name = "session" } = {}) {
      const { Credentials: keys } = await sts.send(
        new AssumeRoleCommand({
          RoleArn: `arn:aws:iam::${account}:role/${role}`,
          RoleSessionName: name,
          ...defined({ Policy: policy }),
        }),
      );
      const client = new IAMClient({
        ...config,
        credentials: {
          accessKeyId: keys?.AccessKeyId ?? "",
          secretAccessKey: keys?.SecretAccessKey ?? "",
          sessionToken: keys?.SessionToken ?? "",
        },
      });
      clients.push(client);
      return client;
    },
  };
}

/** Creates the provider that the tests use; gives its ARN. */
export async function createProvider(
  iam: IAMClient,
  change: Partial<ConstructorParameters<typeof CreateOpenIDConnectProviderCommand>[0]> = {},
): Promise<string> {
  const input = { Url: issuer, ClientIDList: ["sts.amazonaws.com"], ThumbprintList: [thumbprint], ...change };
  const { OpenIDConnectProviderArn: arn } = await iam.send(new CreateOpenIDConnectProviderCommand(input));
  assert.ok(arn);
  return arn;
}

/** Creates a role that the administrator may assume. */
export async function createRole(
  iam: IAMClient,
  name: string,
  change: Partial<ConstructorParameters<typeof CreateRoleCommand>[0]> = {},
): Promise<string> {
  const input = { RoleName: name, AssumeRolePolicyDocument: trustPolicy, ...change };
  const { Role: role } = await iam.send(new CreateRoleCommand(input));
  assert.ok(role?.Arn);
  return role.Arn;
}

/** Creates a managed policy; gives its ARN. */
export async function createPolicy(iam: IAMClient, name: string, document = allowAll): Promise<string> {
  const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: name, PolicyDocument: document }));
  assert.ok(Policy?.Arn);
  return Policy.Arn;
}

/** Attaches a managed policy to a role. */
export async function attach(iam: IAMClient, role: string, policyArn: string): Promise<void> {
  await iam.send(new AttachRolePolicyCommand({ RoleName: role, PolicyArn: policyArn }));
}

interface ClientError extends Error {
  readonly Error?: { readonly Code?: string };
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** Asserts that the call is refused with this code on the wire, this text and this status. */
export async function refused(
  call: Promise<unknown>,
  code: string,
  message: string | RegExp,
  status = 400,
): Promise<void> {
  await assert.rejects(call, (thrown: ClientError) => {
    const found = {
      code: thrown.Error?.Code ?? thrown.name,
      status: thrown.$metadata?.httpStatusCode,
    };
    assert.deepEqual(found, { code, status }, thrown.message);
    if (typeof message === "string") assert.equal(thrown.message, message);
    else assert.match(thrown.message, message);
    return true;
  });
}
