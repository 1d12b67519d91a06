/** Stand-ins of every relying party that bindings are of, and what is written there. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import type { JsonRecord } from "../../../src/core/base/index.ts";
import { startStandInGoogle } from "../../../src/sandbox/gcp.ts";
import { startSandbox } from "../../../src/sandbox/index.ts";
import { azureStackWorld } from "../../azure/stack-world.ts";
import { azureBindingOf, azureTrustOf } from "../../support/bindings/azure-cases.ts";
import { googleBinding, googleTrust, googleTrustSpec } from "../../support/bindings/google.ts";
import {
  account,
  bindingOf,
  boundary,
  policyDocument,
  ssm,
  trustOf,
} from "../../support/bindings/objects.ts";
import { HttpRelay } from "../../support/histories/http-relay.ts";
import type { IssuerServer } from "../../support/issuer-server.ts";
import { prepareAccount } from "../bindings/world.ts";
import { startUnreliable } from "../bindings/unreliable.ts";

const email = "web-front@shop-project.iam.gserviceaccount.com";
const legacy = "legacy-shop";

/** What changes nothing at AWS. */
const isReading = (action: string): boolean => /^(?:Get|List|AssumeRole|Simulate)/u.test(action);

/** Every relying party, ready for the bindings that are named here. */
export interface Vendors {
  /** What leads an operator there. */
  readonly environment: Readonly<Record<string, string>>;
  readonly trusts: readonly JsonRecord[];
  /** Of what stays, and one that is deleted and whose role stays. */
  readonly bindings: readonly JsonRecord[];
  readonly retained: JsonRecord;
  /** What was asked for that changes something, by relying party, since it was last asked. */
  readonly writes: () => Readonly<Record<"aws" | "azure" | "gcp", readonly string[]>>;
  readonly close: () => Promise<void>;
}

/** The public side of the cluster: its issuer, and who vouches for it. */
export interface TrustedCluster {
  readonly issuer: IssuerServer;
  /** PEM in place of the public roots. */
  readonly ca: string;
  readonly jwksJson: string;
}

async function awsVendor({ issuer: { issuer, connectTo }, ca }: TrustedCluster) {
  const sandbox = await startSandbox({ account, ca, connectTo, propagationMs: 0 });
  const iam = new IAMClient({ endpoint: sandbox.url, region: "eu-central-1", credentials: sandbox.admin });
  await prepareAccount(iam, issuer);
  const former = { Effect: "Allow", Principal: { AWS: account }, Action: "sts:AssumeRole" };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: former });
  await iam.send(new CreateRoleCommand({ RoleName: legacy, AssumeRolePolicyDocument }));
  iam.destroy();
  const relay = await startUnreliable(sandbox.url);
  return {
    environment: {
      AWS_ENDPOINT_URL: relay.url,
      AWS_ACCESS_KEY_ID: sandbox.admin.accessKeyId,
      AWS_SECRET_ACCESS_KEY: sandbox.admin.secretAccessKey,
    },
    writes: () => relay.passed.splice(0).filter((action) => !isReading(action)),
    async close() {
      await relay.close();
      await sandbox.close();
    },
  };
}

async function azureVendor({ issuer: { issuer, connectTo }, ca }: TrustedCluster) {
  const world = await azureStackWorld({ issuer, connectTo, ca });
  await world.reset({ identities: [{ name: "web" }] });
  return {
    environment: world.env,
    tenant: world.azure.tenant,
    group: { name: "shared", subscription: world.azure.subscription, resourceGroup: "podtrust" },
    writes: () => world.relay.calls.splice(0).filter((call) => !call.startsWith("GET ")),
    close: () => world.close(),
  };
}

async function googleVendor({ issuer: { issuer }, jwksJson }: TrustedCluster) {
  const google = await startStandInGoogle({
    project: "shop-project",
    delays: { grant: 0, revoke: 0, upload: 0 },
  });
  const provider = { id: "cluster", oidc: { issuerUri: issuer, jwksJson } };
  google.seed({
    pools: [{ id: "bindings", providers: [provider] }],
    serviceAccounts: [{ id: "web-front" }],
  });
  const written: string[] = [];
  const relay = new HttpRelay(google.url, {
    callOf: (method, path) =>
      method === "GET" || /:getIamPolicy$|:generateAccessToken$|\/token$/u.test(path.split("?")[0] ?? "")
        ? undefined
        : { text: `${method} ${path}`, of: path },
    refusal: {},
    of: () => ({
      onCall({ text }) {
        written.push(text);
        return Promise.resolve("done");
      },
      onDone: () => Promise.resolve(),
    }),
  });
  const url = await relay.listen();
  const folder = await mkdtemp(join(tmpdir(), "podtrust-vendors-"));
  const credentials = join(folder, "credentials.json");
  await writeFile(credentials, JSON.stringify(google.adminFile), { mode: 0o600 });
  return {
    environment: {
      GOOGLE_APPLICATION_CREDENTIALS: credentials,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM: url,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_STS: url,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS: url,
    },
    writes: () => written.splice(0),
    async close() {
      await relay.close();
      await google.close();
      await rm(folder, { recursive: true });
    },
  };
}

function awsTrust(issuer: string): JsonRecord {
  const shop = {
    name: "shop",
    namespaces: ["shop"],
    accounts: [account],
    policies: [ssm, `arn:aws:iam::${account}:policy/shop/*`],
    adoptRoles: [`arn:aws:iam::${account}:role/${legacy}`],
    tags: [{ key: "team", value: "shop" }],
    retain: true,
  };
  const teams = {
    name: "teams",
    namespaces: ["team-*"],
    accounts: [account],
    policies: ["arn:aws:iam::aws:policy/*"],
    inline: true,
    boundary,
    maxSessionSeconds: 7200,
  };
  return trustOf({
    stack: "prod",
    issuer,
    accounts: [{ id: account, region: "eu-central-1" }],
    grants: [shop, teams],
  });
}

/** A binding of one role of podtrust's own. */
function managedBy(name: string, managed: JsonRecord, namespace = "shop"): JsonRecord {
  const role = { profile: "default", account, managed };
  return bindingOf({ trust: "default", roles: [role] }, { namespace, name });
}

/** Starts them all. */
export async function startVendors(cluster: TrustedCluster): Promise<Vendors> {
  const { issuer } = cluster.issuer;
  const [aws, azure, gcp] = await Promise.all([
    awsVendor(cluster),
    azureVendor(cluster),
    googleVendor(cluster),
  ]);
  const team = { namespace: "team-a", name: "api" };
  const inline = [{ name: "read", document: policyDocument }];
  return {
    environment: { ...aws.environment, ...azure.environment, ...gcp.environment },
    trusts: [
      awsTrust(issuer),
      azureTrustOf({
        stack: "prod",
        issuer,
        tenant: azure.tenant,
        groups: [azure.group],
        grants: [
          { name: "shop", namespaces: ["shop"], groups: ["shared"], identities: ["web"] },
          { name: "teams", namespaces: ["team-*"], groups: ["shared"], create: true },
        ],
      }),
      googleTrust({ ...googleTrustSpec, issuer }),
    ],
    bindings: [
      managedBy("web", { policies: [ssm, `arn:aws:iam::${account}:policy/shop/read`] }),
      managedBy("legacy", { policies: [ssm], adopt: `arn:aws:iam::${account}:role/${legacy}` }),
      managedBy("api", { policies: [ssm], inline, maxSessionSeconds: 7200 }, "team-a"),
      azureBindingOf({ trust: "default", existing: { name: "web", group: "shared" } }),
      azureBindingOf({ trust: "default", managed: { group: "shared" } }, team),
      googleBinding({ trust: "default", email }),
      googleBinding({ trust: "default", direct: true }, team),
    ],
    retained: managedBy("kept", { policies: [ssm], onDelete: "Retain" }),
    writes: () => ({ aws: aws.writes(), azure: azure.writes(), gcp: gcp.writes() }),
    async close() {
      await Promise.all([aws.close(), azure.close(), gcp.close()]);
    },
  };
}
