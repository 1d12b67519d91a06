import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AwsAccess, type AwsSession, openAws } from "../../src/providers/aws/index.ts";
import type { Clock } from "../../src/core/base/index.ts";
import { type Config, parseConfig } from "../../src/config/index.ts";
import type { IssuerRoute } from "../../src/issuer/index.ts";
import { type KubernetesApi, openKubernetes } from "../../src/providers/kubernetes/index.ts";
import {
  type Sandbox,
  startSandbox,
  startStandInCluster,
  type StandInCluster,
} from "../../src/sandbox/index.ts";
import { openStack, type StatusOptions, statusOf, type StatusReport } from "../../src/stack/index.ts";
import { testAuthority } from "./certificates.ts";
import { type IssuerServer, startIssuer } from "./issuer-server.ts";
import { account } from "./sandbox.ts";

/** A stand-in cluster, its published issuer, and an AWS account in the sandbox: all that one config speaks of. */
export interface ChainWorld {
  readonly folder: string;
  readonly file: string;
  readonly config: Config;
  readonly cluster: StandInCluster;
  readonly api: KubernetesApi;
  readonly issuer: IssuerServer;
  readonly sandbox: Sandbox;
  readonly route: IssuerRoute;
  /** PEM file of the root that vouches for the issuer. */
  readonly caFile: string;
  readonly open: (access: AwsAccess) => AwsSession;
  /** Another config for the same world. */
  readonly configOf: (text: string) => Promise<Config>;
  /** Publishes the keys that the cluster has now. */
  readonly publish: () => Promise<void>;
  /** Makes AWS as the config says. */
  readonly up: () => Promise<void>;
  /** Its status, with options of the test's own. */
  readonly look: (options?: Partial<StatusOptions>) => Promise<StatusReport>;
  readonly close: () => Promise<void>;
}

const authority = await testAuthority();
export const demoAccount = "aws-test/demo-service-account";
export const demoRole = "k3s-demo-app";

/** The world's trust policy with more conditions: what somebody may have written by hand. */
export function trustWith(
  issuer: string,
  more: Readonly<Record<string, Readonly<Record<string, string>>>>,
): string {
  const url = issuer.replace("https://", "");
  const equals = {
    [`${url}:aud`]: "sts.amazonaws.com",
    [`${url}:sub`]: `system:serviceaccount:${demoAccount.replace("/", ":")}`,
  };
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow",
      Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/${url}` },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: { ...more, StringEquals: { ...equals, ...more["StringEquals"] } },
    },
  });
}

/** The YAML of the world's config. */
export function chainYaml(issuer: string, kubeconfig: string): string {
  return `stack: prod
identity: 3f2a91bc
issuer: ${issuer}
cluster: {kubeconfig: ${kubeconfig}}
aws:
  - account: "${account}"
    region: eu-central-1
    roles:
      - name: ${demoRole}
        sessionName: k3s-cluster
        serviceAccounts: [${demoAccount}]
        policies: [arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess]
`;
}

/** Starts it all; STS knows a new role at once by default, and the issuer's CA, unless that is a private one. */
export async function startChainWorld(
  clock: Clock,
  {
    propagationMs = 0,
    privateCa = false,
  }: { readonly propagationMs?: number; readonly privateCa?: boolean } = {},
): Promise<ChainWorld> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-chain-"));
  const issuer = await startIssuer(authority);
  const cluster = await startStandInCluster({ issuer: issuer.issuer, clock });
  const kubeconfig = join(folder, "kubeconfig");
  await writeFile(kubeconfig, cluster.kubeconfig());
  for (const name of ["demo-service-account", "default"]) cluster.addServiceAccount("aws-test", name);
  const sandbox = await startSandbox({
    account,
    clock,
    ...(privateCa ? {} : { ca: authority.root }),
    connectTo: issuer.connectTo,
    propagationMs,
  });
  const [file, caFile] = [join(folder, "podtrust.yaml"), join(folder, "root.pem")];
  await writeFile(caFile, authority.root);
  await writeFile(file, chainYaml(issuer.issuer, kubeconfig));
  const configOf = (text: string): Promise<Config> => parseConfig(text, file, {});
  const config = await configOf(chainYaml(issuer.issuer, kubeconfig));
  const api = await openKubernetes({ kubeconfig }, { clock });
  const route = { ca: authority.root, connectTo: issuer.connectTo };
  const open = (access: AwsAccess): AwsSession =>
    openAws({ ...access, endpoint: sandbox.url, credentials: sandbox.admin, attempts: 1 });
  const { signal } = new AbortController();
  const publish = async (): Promise<void> => {
    const { jwks } = await api.oidcDocuments();
    issuer.publish((JSON.parse(jwks.toString()) as { keys: object[] }).keys, {
      "cache-control": "max-age=1",
    });
  };
  await publish();
  return {
    folder,
    file,
    config,
    cluster,
    api,
    issuer,
    sandbox,
    route,
    caFile,
    open,
    configOf,
    publish,
    async up() {
      const stack = await openStack({ config, env: {}, clock, signal, route, open });
      try {
        const { failed } = await stack.apply(await stack.plan());
        if (failed[0] !== undefined) throw failed[0].error;
      } finally {
        stack.close();
      }
    },
    look: (options = {}) => statusOf({ config, route, open, clock, signal, env: {}, ...options }),
    async close() {
      await sandbox.close();
      await cluster.close();
      await issuer.close();
      await rm(folder, { recursive: true });
    },
  };
}
