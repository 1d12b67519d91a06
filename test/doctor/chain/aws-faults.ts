import { join } from "node:path";
import {
  AddClientIDToOpenIDConnectProviderCommand,
  AttachRolePolicyCommand,
  CreateOpenIDConnectProviderCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  DeleteOpenIDConnectProviderCommand,
  PutRolePermissionsBoundaryCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateOpenIDConnectProviderThumbprintCommand,
} from "@aws-sdk/client-iam";
import type { ChainOptions } from "../../../src/doctor/chain/index.ts";
import { chainYaml, demoAccount, demoRole } from "../../support/chain-world.ts";
import { account } from "../../support/sandbox.ts";
import type { StackWorld } from "./world.ts";

/** Breaks one real part of a stack; gives with which options it is looked at. */
export type StackFault = (world: StackWorld) => Promise<Partial<ChainOptions> | void>;

const audience = "sts.amazonaws.com";
const subject = `system:serviceaccount:${demoAccount.replace("/", ":")}`;

const keyOf = ({ chain }: StackWorld): string => chain.issuer.issuer.replace("https://", "");
const providerOf = (world: StackWorld): string => `arn:aws:iam::${account}:oidc-provider/${keyOf(world)}`;

/** A trust policy as written by hand. */
function policy(
  world: StackWorld,
  conditions: Readonly<Record<string, Readonly<Record<string, string>>>>,
  federated: string = providerOf(world),
): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow",
      Principal: { Federated: federated },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: conditions,
    },
  });
}

async function trust(world: StackWorld, PolicyDocument: string): Promise<void> {
  await world.iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: demoRole, PolicyDocument }));
}

/** A trust policy with these values of :aud and :sub. */
const trusting =
  (aud: string, sub: string): StackFault =>
  async (world) =>
    trust(
      world,
      policy(world, { StringEquals: { [`${keyOf(world)}:aud`]: aud, [`${keyOf(world)}:sub`]: sub } }),
    );

async function clientIdInstead(world: StackWorld, id: string): Promise<void> {
  const OpenIDConnectProviderArn = providerOf(world);
  await world.iam.send(
    new AddClientIDToOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, ClientID: id }),
  );
  await world.iam.send(
    new RemoveClientIDFromOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, ClientID: audience }),
  );
}

async function withoutProvider(world: StackWorld): Promise<void> {
  await world.iam.send(
    new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: providerOf(world) }),
  );
}

async function otherProvider(world: StackWorld, url: string): Promise<string> {
  const answer = await world.iam.send(
    // With a thumbprint IAM does not look at the issuer, which is not there.
    new CreateOpenIDConnectProviderCommand({
      Url: url,
      ClientIDList: [audience],
      ThumbprintList: ["a".repeat(40)],
    }),
  );
  return answer.OpenIDConnectProviderArn ?? "";
}

/** Faults of the provider in IAM. */
export const providerFaults = {
  ProviderDeleted: withoutProvider,
  ProviderMissing: async (world) => {
    await withoutProvider(world);
    await otherProvider(world, `${world.chain.issuer.issuer}s`);
    await trust(
      world,
      policy(
        world,
        { StringEquals: { "login.example.org:aud": audience } },
        `arn:aws:iam::${account}:oidc-provider/login.example.org`,
      ),
    );
  },
  ProviderOfFormerIssuer: async (world) => {
    await withoutProvider(world);
    const arn = await otherProvider(world, "https://old.example.com");
    const equals = { "old.example.com:aud": audience, "old.example.com:sub": subject };
    await trust(world, policy(world, { StringEquals: equals }, arn));
  },
  ClientIdTypo: (world) => clientIdInstead(world, "sts.amazon.com"),
  ClientIdRegional: (world) => clientIdInstead(world, "sts.eu-west-1.amazonaws.com"),
} satisfies Record<string, StackFault>;

/** Faults of a role: of its trust policy, and of its boundary. */
export const trustFaults = {
  TrustWildcardLiteral: trusting(audience, "system:serviceaccount:aws-test:demo-*"),
  TrustClaimsSwapped: async (world) =>
    trust(world, policy(world, { StringEquals: { [`${keyOf(world)}:aud`]: subject } })),
  TrustSubjectDiffers: trusting(audience, "system:serviceaccount:aws-test:release-demo-service-account"),
  TrustProviderAccount: async (world) => {
    const equals = { [`${keyOf(world)}:aud`]: audience, [`${keyOf(world)}:sub`]: subject };
    await trust(
      world,
      policy(world, { StringEquals: equals }, providerOf(world).replace(account, "999988887777")),
    );
  },
  TrustAudienceDiffers: trusting("source-coop-data-proxy", subject),
  TrustSubjectCase: trusting(audience, "system:serviceaccount:aws-test:Demo-Service-Account"),
  BoundaryForbids: async (world) => {
    const statement = { Effect: "Allow", Action: ["s3:*", "ssm:DescribeDocument"], Resource: "*" };
    const document = JSON.stringify({ Version: "2012-10-17", Statement: statement });
    const made = await world.iam.send(
      new CreatePolicyCommand({ PolicyName: "limit", PolicyDocument: document }),
    );
    const PermissionsBoundary = made.Policy?.Arn ?? "";
    await world.iam.send(new PutRolePermissionsBoundaryCommand({ RoleName: demoRole, PermissionsBoundary }));
    const { chain } = world;
    const text = chainYaml(chain.issuer.issuer, join(chain.folder, "kubeconfig"));
    return { config: await chain.configOf(`${text}        boundary: ${PermissionsBoundary}\n`) };
  },
  TrustTooWide: async (world) =>
    trust(world, policy(world, { "ForAllValues:StringEquals": { [`${keyOf(world)}:sub`]: subject } })),
} satisfies Record<string, StackFault>;

/** Makes provider and role by hand, this very moment. */
export async function madeNow(world: StackWorld): Promise<void> {
  await world.iam.send(
    new CreateOpenIDConnectProviderCommand({ Url: world.chain.issuer.issuer, ClientIDList: [audience] }),
  );
  const equals = { [`${keyOf(world)}:aud`]: audience, [`${keyOf(world)}:sub`]: subject };
  await world.iam.send(
    new CreateRoleCommand({
      RoleName: demoRole,
      AssumeRolePolicyDocument: policy(world, { StringEquals: equals }),
    }),
  );
  const PolicyArn = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess";
  await world.iam.send(new AttachRolePolicyCommand({ RoleName: demoRole, PolicyArn }));
}

/** Sets the thumbprints of the provider. */
export async function pin(world: StackWorld, ThumbprintList: string[]): Promise<void> {
  const OpenIDConnectProviderArn = providerOf(world);
  await world.iam.send(
    new UpdateOpenIDConnectProviderThumbprintCommand({ OpenIDConnectProviderArn, ThumbprintList }),
  );
}
