import type { TestContext } from "node:test";
import { AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import {
  type Sandbox,
  type SandboxIssuer,
  type SandboxOptions,
  type Seed,
  startSandbox,
} from "../../src/sandbox/index.ts";
import { allow, type Credentials, keysOf, policy } from "./sandbox.ts";

/** Whose tokens the role of `shop` takes. */
export const cart = { namespace: "shop", name: "cart" };

/** A trust policy for one subject of the sandbox's issuer. */
export function trust(subject = "system:serviceaccount:shop:cart"): object {
  return policy({
    Effect: "Allow",
    Principal: { Federated: "arn:aws:iam::111122223333:oidc-provider/oidc.podtrust.test" },
    Action: "sts:AssumeRoleWithWebIdentity",
    Condition: { StringEquals: { "oidc.podtrust.test:sub": subject } },
  });
}

/** A provider, a role that a pod of shop/cart takes, and a parameter that the role reads. */
export const shop: Seed = {
  providers: [{ url: "https://oidc.podtrust.test", audiences: ["sts.amazonaws.com"] }],
  roles: [{ name: "cart", trustPolicy: trust(), inline: { read: policy(allow("ssm:GetParameter")) } }],
  parameters: [{ name: "/cart/color", value: "red", region: "eu-central-1" }],
};

/** A sandbox with an issuer of its own, as the library gives them. */
export interface SeededWorld {
  readonly sandbox: Sandbox;
  readonly issuer: SandboxIssuer;
  readonly client: <T extends { destroy(): void }>(
    make: new (config: object) => T,
    credentials?: Credentials,
  ) => T;
  readonly assume: (token: string) => Promise<Credentials>;
}

/** Starts it; ends with the test. */
export async function started(t: TestContext, options: SandboxOptions = {}): Promise<SeededWorld> {
  const sandbox = await startSandbox(options);
  t.after(() => sandbox.close());
  const client: SeededWorld["client"] = (Client, credentials = sandbox.admin) => {
    const made = new Client({ endpoint: sandbox.url, region: "eu-central-1", credentials, maxAttempts: 1 });
    t.after(() => made.destroy());
    return made;
  };
  const assume = async (token: string): Promise<Credentials> =>
    keysOf(
      await client(STSClient).send(
        new AssumeRoleWithWebIdentityCommand({
          RoleArn: "arn:aws:iam::111122223333:role/cart",
          RoleSessionName: "job",
          WebIdentityToken: token,
        }),
      ),
    );
  return { sandbox, issuer: await sandbox.issuer(), client, assume };
}
