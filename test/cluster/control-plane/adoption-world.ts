/** All sides of an adoption: API servers on machines of their own, a publisher of the new issuer, the old issuer, and STS. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IAMClient, UpdateAssumeRolePolicyCommand } from "@aws-sdk/client-iam";
import { AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { PodtrustError, systemClock } from "../../../src/core/base/index.ts";
import { parseConfig } from "../../../src/config/index.ts";
import type { AdoptionContext } from "../../../src/control-plane/adoption/index.ts";
import { openServers } from "../../../src/control-plane/servers/index.ts";
import { openAws } from "../../../src/providers/aws/index.ts";
import { openKubernetes } from "../../../src/providers/kubernetes/index.ts";
import { type Publisher, startPublisher } from "../../../src/publisher/index.ts";
import { type Sandbox, startSandbox } from "../../../src/sandbox/index.ts";
import { testAuthority } from "../../support/certificates.ts";
import { startIssuer } from "../../support/issuer-server.ts";
import { FakeCertificates, MemoryLog } from "../../support/publisher.ts";
import { audience } from "../../support/sandbox.ts";
import { homeEnvironment } from "../../support/ssh-host/index.ts";
import { type ControlPlaneMachines, type MachinesOptions, startMachines } from "./machines.ts";

const host = "oidc.example.com";
export const ours = `https://${host}`;
export const old = "https://old.example.com";

/** What stands around a cluster that gets our issuer. */
export interface AdoptionWorld {
  readonly cluster: ControlPlaneMachines;
  /** What `podtrust adopt` works with, opened anew as each run of it does. */
  readonly open: () => Promise<{ readonly context: AdoptionContext; readonly close: () => Promise<void> }>;
  /** Lets both issuers into the role that was there before, as its owner does. */
  readonly letBothIn: () => Promise<void>;
  /** Has the publisher of our issuer distrust a key. */
  readonly withdraw: (kid: string) => Promise<void>;
  /** Shows a token of that ServiceAccount for AWS to STS. Throws what STS refuses. */
  readonly assume: (token: string) => Promise<void>;
  readonly stop: () => Promise<void>;
}

const trustIn = (account: string, issuers: readonly string[]): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: issuers.map((issuer) => {
      const name = issuer.slice("https://".length);
      return {
        Effect: "Allow",
        Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/${name}` },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
          StringEquals: { [`${name}:sub`]: "system:serviceaccount:default:web", [`${name}:aud`]: audience },
        },
      };
    }),
  });

async function makeAccounts({ machines }: ControlPlaneMachines): Promise<void> {
  for (const [namespace, name] of [
    ["default", "web"],
    ["default", "default"],
    ["kube-system", "default"],
  ] as const) {
    const body = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name } };
    await machines[0]?.ask(`/api/v1/namespaces/${namespace}/serviceaccounts`, { method: "POST", body });
  }
}

/** kubeadm's own config, as `kubeadm init` leaves it. */
async function makeKubeadmConfig({ machines }: ControlPlaneMachines): Promise<void> {
  const ClusterConfiguration = `apiServer: {}
apiVersion: kubeadm.k8s.io/v1beta4
certificatesDir: /etc/kubernetes/pki # kept
kind: ClusterConfiguration
kubernetesVersion: v1.36.3
`;
  const body = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "kubeadm-config" },
    data: { ClusterConfiguration },
  };
  await machines[0]?.ask("/api/v1/namespaces/kube-system/configmaps", { method: "POST", body });
}

/** A cluster of kubeadm's form, by default. */
async function startKubeadm(
  options: Pick<MachinesOptions, "kubelets" | "version">,
): Promise<ControlPlaneMachines> {
  const cluster = await startMachines({ issuers: [old], ...options });
  await makeKubeadmConfig(cluster);
  return cluster;
}

interface WorldOptions extends Pick<MachinesOptions, "kubelets" | "version"> {
  /** Starts another cluster, whose issuer is the old one. */
  readonly start?: () => Promise<ControlPlaneMachines>;
}

/** Starts all of it; the caller stops it. */
export async function startAdoptionWorld({ start, ...options }: WorldOptions = {}): Promise<AdoptionWorld> {
  const ending: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of ending.splice(0).reverse()) await end();
  };
  try {
    const authority = await testAuthority();
    const folder = await mkdtemp(join(tmpdir(), "podtrust-adoption-"));
    ending.push(() => rm(folder, { recursive: true, force: true }));
    const cluster = await (start === undefined ? startKubeadm(options) : start());
    ending.push(cluster.stop);
    await makeAccounts(cluster);
    const api = await openKubernetes({ kubeconfig: cluster.kubeconfig }, { clock: systemClock });

    const before = await startIssuer(authority, { host: "old.example.com" });
    ending.push(() => before.close());
    const jwks = await cluster.machines[0]?.ask("/openid/v1/jwks");
    before.publish((JSON.parse(jwks?.text ?? "") as { keys: object[] }).keys);

    const publisher: Publisher = await startPublisher({
      issuers: [
        {
          stack: "prod",
          issuer: ours,
          cluster: api,
          certificates: new FakeCertificates(await authority.issue([host])),
          pollInterval: 1000,
          formerIssuers: [old],
        },
      ],
      listen: { https: [{ host: "127.0.0.1", port: 0 }], admin: false },
      stateDir: join(folder, "publisher"),
      clock: systemClock,
      logger: new MemoryLog(),
    });
    ending.push(() => publisher.close(0));
    await publisher.ready();
    const toPort = publisher.addresses.https[0]?.port ?? 0;
    const connectTo = [{ host, port: 443, address: "127.0.0.1", toPort }, ...before.connectTo];

    const sandbox: Sandbox = await startSandbox({ ca: authority.root, connectTo, propagationMs: 0 });
    ending.push(() => sandbox.close());
    const { account } = sandbox;
    await sandbox.seed({
      providers: [
        { url: old, audiences: [audience] },
        { url: ours, audiences: [audience] },
      ],
      roles: [{ name: "legacy", trustPolicy: trustIn(account, [old]) }],
    });
    const client = {
      endpoint: sandbox.url,
      region: "eu-central-1",
      credentials: sandbox.admin,
      maxAttempts: 1,
    };
    const [iam, sts] = [new IAMClient(client), new STSClient(client)];

    const config = await parseConfig(
      `stack: prod
issuer: ${ours}
cluster: {kubeconfig: ${cluster.kubeconfig}, ${cluster.serversText}}
publisher:
  source: {kubeconfig: ${cluster.kubeconfig}}
  formerIssuers: [${old}]
  https: {certificateFile: a, keyFile: b}
aws: [{account: "${account}", region: eu-central-1, audiences: [${audience}], roles: []}]
`,
      join(folder, "podtrust.yaml"),
      homeEnvironment(folder),
    );
    return {
      cluster,
      stop,
      letBothIn: async () => {
        const PolicyDocument = trustIn(account, [old, ours]);
        await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: "legacy", PolicyDocument }));
      },
      withdraw: async (kid) => {
        await publisher.distrust(kid, { force: true });
      },
      assume: async (WebIdentityToken) => {
        const RoleArn = `arn:aws:iam::${account}:role/legacy`;
        await sts.send(
          new AssumeRoleWithWebIdentityCommand({ RoleArn, RoleSessionName: "job", WebIdentityToken }),
        );
      },
      open: async () => {
        const { signal } = new AbortController();
        if (config.cluster === undefined) throw new PodtrustError("internal", "the config has a cluster");
        const servers = await openServers({
          cluster: config.cluster,
          servers: config.servers ?? [],
          stateDir: join(folder, "state"),
          purpose: "adopt",
          env: homeEnvironment(folder),
          clock: systemClock,
          signal,
        });
        const context: AdoptionContext = {
          config,
          api,
          servers: servers.all,
          route: { ca: authority.root, connectTo },
          clock: systemClock,
          signal,
          openAws: (access) => openAws({ ...access, endpoint: sandbox.url, credentials: sandbox.admin }),
        };
        return { context, close: () => servers.close() };
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
