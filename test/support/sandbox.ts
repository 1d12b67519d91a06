import { type KeyObject, generateKeyPairSync } from "node:crypto";
import type { TestContext } from "node:test";
import {
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { SSMClient } from "@aws-sdk/client-ssm";
import {
  AssumeRoleWithWebIdentityCommand,
  type AssumeRoleWithWebIdentityCommandOutput,
  STSClient,
} from "@aws-sdk/client-sts";
import { CompactSign } from "jose";
import { defined } from "../../src/core/base/index.ts";
import { publicJwk } from "../../src/rules/keys/index.ts";
import {
  type Sandbox,
  type SandboxOptions,
  startSandbox,
  startSandboxProcess,
} from "../../src/sandbox/index.ts";
import { testAuthority } from "./certificates.ts";
import { TestClock } from "./clock.ts";
import { type IssuerServer, startIssuer } from "./issuer-server.ts";

export const account = "111122223333";
export const audience = "sts.amazonaws.com";
export const subject = "system:serviceaccount:aws-test:demo";

/** Keys as the AWS SDK takes them. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** A signing key of an issuer. */
export interface TestKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: KeyObject;
  readonly jwk: object;
}

export function ecKey(kid: string): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { kid, alg: "ES256", privateKey, jwk: publicJwk(publicKey, kid) };
}

/** A sandbox on loopback, an issuer over real TLS that it trusts, and AWS's own clients. */
export interface TestSandbox {
  readonly sandbox: Sandbox;
  readonly clock: TestClock;
  readonly issuer: IssuerServer;
  readonly key: TestKey;
  readonly providerArn: string;
  readonly iam: (credentials?: Credentials) => IAMClient;
  readonly ssm: (credentials?: Credentials) => SSMClient;
  readonly sts: (credentials?: Credentials) => STSClient;
  /** A token of the issuer; `claims` replace the default ones, undefined leaves one out. */
  readonly token: (
    claims?: Readonly<Record<string, unknown>>,
    header?: object,
    key?: TestKey,
  ) => Promise<string>;
  /** Creates a role that trusts `subject` (or as `trust` says) and may do what `policy` says; gives its ARN. */
  readonly role: (name: string, options?: RoleOptions) => Promise<string>;
  /** AssumeRoleWithWebIdentity by the SDK's client. */
  readonly assume: (input: AssumeInput) => Promise<AssumeRoleWithWebIdentityCommandOutput>;
  readonly close: () => Promise<void>;
}

export interface RoleOptions {
  readonly trust?: object;
  readonly policy?: object;
  readonly maxSession?: number;
  readonly boundary?: string;
}

export interface AssumeInput {
  readonly role: string;
  readonly token: string;
  readonly [more: string]: unknown;
}

const authority = await testAuthority();

/** PEM of the root that vouches for the issuer. */
export const issuerRoot: string = authority.root;

export function allow(
  action: string | readonly string[],
  resource: string | readonly string[] = "*",
): object {
  return { Effect: "Allow", Action: action, Resource: resource };
}

export function policy(...statements: readonly object[]): object {
  return { Version: "2012-10-17", Statement: statements };
}

/** The trust policy of a role for a web identity. */
export function webIdentityTrust(providerArn: string, actions: readonly string[] = []): object {
  const url = providerArn.slice(providerArn.indexOf("oidc-provider/") + "oidc-provider/".length);
  return policy({
    Effect: "Allow",
    Principal: { Federated: providerArn },
    Action: ["sts:AssumeRoleWithWebIdentity", ...actions],
    Condition: { StringEquals: { [`${url}:sub`]: subject, [`${url}:aud`]: audience } },
  });
}

/** The keys of an answer as a client takes them. */
export function keysOf(output: AssumeRoleWithWebIdentityCommandOutput): Credentials {
  const { AccessKeyId, SecretAccessKey, SessionToken } = output.Credentials ?? {};
  if (AccessKeyId === undefined || SecretAccessKey === undefined || SessionToken === undefined) {
    throw new TypeError("the answer has no credentials");
  }
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}

export interface TestSandboxOptions extends SandboxOptions {
  readonly issuer?: Parameters<typeof startIssuer>[1];
  /** So that nothing of it runs in this process. It has a clock of its own, and what it gives beside its address gives promises. */
  readonly inOwnProcess?: boolean;
}

/** Starts it with a registered provider, and no propagation delay by default. */
export async function startTestSandbox({
  inOwnProcess = false,
  issuer: issuerOptions,
  ...options
}: TestSandboxOptions = {}): Promise<TestSandbox> {
  const issuer = await startIssuer(authority, issuerOptions);
  const key = ecKey("first");
  issuer.publish([key.jwk], { "cache-control": "max-age=60" });
  // The SDK signs by the machine's clock, so the sandbox's starts there.
  const clock = new TestClock(Date.now());
  const foreign = { account, ca: authority.root, connectTo: issuer.connectTo, propagationMs: 0 };
  const sandbox = inOwnProcess
    ? ((await startSandboxProcess({ ...foreign, ...options })) as unknown as Sandbox)
    : await startSandbox({ clock, ...foreign, ...options });
  const clients: { destroy(): void }[] = [];
  const config = (credentials: Credentials) => ({
    endpoint: sandbox.url,
    region: "eu-central-1",
    credentials,
    maxAttempts: 1,
  });
  const kept = <T extends { destroy(): void }>(client: T): T => {
    clients.push(client);
    return client;
  };
  const iam = (credentials: Credentials = sandbox.admin) => kept(new IAMClient(config(credentials)));
  const ssm = (credentials: Credentials = sandbox.admin) => kept(new SSMClient(config(credentials)));
  const sts = (credentials: Credentials = sandbox.admin) => kept(new STSClient(config(credentials)));
  const created = await iam().send(
    new CreateOpenIDConnectProviderCommand({
      Url: issuer.issuer,
      ClientIDList: [audience],
      ThumbprintList: ["0".repeat(40)],
    }),
  );
  const providerArn = created.OpenIDConnectProviderArn ?? "";
  return {
    sandbox,
    clock,
    issuer,
    key,
    providerArn,
    iam,
    ssm,
    sts,
    async token(claims = {}, header = {}, by = key) {
      const now = Math.floor(clock.now() / 1000);
      const claimsByDefault = { iss: issuer.issuer, sub: subject, aud: [audience], iat: now, exp: now + 600 };
      const payload = Buffer.from(JSON.stringify({ ...claimsByDefault, ...claims }));
      return new CompactSign(payload)
        .setProtectedHeader({ alg: by.alg, kid: by.kid, ...header })
        .sign(by.privateKey);
    },
    async role(name, { trust, policy: document, maxSession, boundary } = {}) {
      const { Role } = await iam().send(
        new CreateRoleCommand({
          RoleName: name,
          AssumeRolePolicyDocument: JSON.stringify(trust ?? webIdentityTrust(providerArn)),
          ...defined({ MaxSessionDuration: maxSession, PermissionsBoundary: boundary }),
        }),
      );
      if (document !== undefined) {
        await iam().send(
          new PutRolePolicyCommand({
            RoleName: name,
            PolicyName: "inline",
            PolicyDocument: JSON.stringify(document),
          }),
        );
      }
      return Role?.Arn ?? "";
    },
    assume({ role, token, ...more }) {
      return sts().send(
        new AssumeRoleWithWebIdentityCommand({
          RoleArn: role,
          RoleSessionName: "job",
          WebIdentityToken: token,
          ...more,
        }),
      );
    },
    async close() {
      for (const client of clients) client.destroy();
      await sandbox.close();
      await issuer.close();
    },
  };
}

/** The same, ended with the test. */
export async function testSandbox(
  t: TestContext,
  options: Parameters<typeof startTestSandbox>[0] = {},
): Promise<TestSandbox> {
  const started = await startTestSandbox(options);
  t.after(() => started.close());
  return started;
}

/** Checks an SDK's error: its code as AWS sends it, status and text. */
export function awsError(name: string, text: RegExp | string, status = 400): (error: unknown) => boolean {
  return (thrown) => {
    const error = thrown as Error & { Code?: string; $metadata?: { httpStatusCode?: number } };
    // The code of the wire; the SDK's classes carry it with or without an ending of their own.
    const code = error.Code ?? error.name;
    const message = error.message;
    const fits = typeof text === "string" ? message === text : text.test(message);
    if (code !== name || error.$metadata?.httpStatusCode !== status || !fits) {
      throw new Error(`${code} ${String(error.$metadata?.httpStatusCode)}: ${message}`, {
        cause: error,
      });
    }
    return true;
  };
}
