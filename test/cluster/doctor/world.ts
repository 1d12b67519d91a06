/** A stack on a real API server, with the sandbox's IAM and STS and an issuer that serves the cluster's keys. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type JsonRecord, systemClock } from "../../../src/core/base/index.ts";
import { type Config, parseConfig } from "../../../src/config/index.ts";
import { type ChainFacts, type ChainOptions, gatherChain } from "../../../src/doctor/chain/index.ts";
import { type AwsAccess, type AwsSession, openAws } from "../../../src/providers/aws/index.ts";
import { startSandbox } from "../../../src/sandbox/index.ts";
import { publicJwk } from "../../../src/rules/keys/index.ts";
import { openStack } from "../../../src/stack/index.ts";
import { testAuthority } from "../../support/certificates.ts";
import { startIssuer } from "../../support/issuer-server.ts";
import { account, ecKey } from "../../support/sandbox.ts";
import { homeEnvironment, type SshHost, startSshHost } from "../../support/ssh-host/index.ts";
import {
  type ApiAnswer,
  type ControlPlane,
  type ControlPlaneOptions,
  startControlPlane,
} from "../harness/index.ts";

/** The issuer that the config names, whatever the cluster has. */
export const issuer = "https://oidc.example.com";
export const roleArn = `arn:aws:iam::${account}:role/web`;
/** Services have addresses of loopback, so that the API server reaches what a test listens on. */
const services = "127.54.0.0/16";

/** A stack whose parts are real. */
export interface ClusterStack extends AsyncDisposable {
  readonly plane: ControlPlane;
  /** Applies an object by the server, which records when. */
  readonly apply: (object: JsonRecord) => Promise<void>;
  /** Makes an object by a POST, as a controller does; throws what the API server refuses. */
  readonly make: (path: string, object: JsonRecord) => Promise<JsonRecord>;
  /** Serves the cluster's keys of now under the issuer, or others. */
  readonly publish: (keys?: readonly object[]) => Promise<void>;
  /** Has AWS let NAMESPACE/web in. */
  readonly trust: (namespace: string) => Promise<void>;
  /** A control plane machine with such a manifest of its API server. The config names it until it is disposed of. */
  readonly machine: (manifest: JsonRecord) => Promise<AsyncDisposable>;
  /** What doctor sees of NAMESPACE/web. */
  readonly gather: (namespace: string, options?: Partial<ChainOptions>) => Promise<ChainFacts>;
}

function yaml(namespace: string, cluster: string): string {
  return `stack: prod
issuer: ${issuer}
${cluster}aws:
  - account: "${account}"
    region: eu-central-1
    roles:
      - name: web
        sessionName: web
        serviceAccounts: [${namespace}/web]
        policies: [arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess]
`;
}

function checked(answer: ApiAnswer, what: string): JsonRecord {
  if (answer.status >= 300) throw new Error(`${what}: ${answer.status} ${answer.text}`);
  return JSON.parse(answer.text) as JsonRecord;
}

/**
 * Starts it all; the API server with these options, and the config's issuer unless another is given. `start`: with nodes, say.
 */
export async function startClusterStack(
  options: Partial<ControlPlaneOptions> = {},
  start: (options: ControlPlaneOptions) => Promise<ControlPlane> = startControlPlane,
): Promise<ClusterStack> {
  const plane = await start({
    issuer,
    ...options,
    extraArgs: [`--service-cluster-ip-range=${services}`, ...(options.extraArgs ?? [])],
  });
  const authority = await testAuthority();
  const server = await startIssuer(authority, { host: new URL(issuer).hostname });
  const folder = await mkdtemp(join(tmpdir(), "podtrust-doctor-"));
  const sandbox = await startSandbox({
    account,
    ca: authority.root,
    connectTo: server.connectTo,
    propagationMs: 0,
  });
  const route = { ca: authority.root, connectTo: server.connectTo };
  const open = (access: AwsAccess): AwsSession =>
    openAws({ ...access, endpoint: sandbox.url, credentials: sandbox.admin, attempts: 1 });
  const { signal } = new AbortController();
  const file = join(folder, "podtrust.yaml");
  const clock = systemClock;
  // Nobody asks for the addresses of STS here.
  const env = { ...homeEnvironment(folder), AWS_ENDPOINT_URL: "https://sts.invalid" };
  const hosts = new Set<SshHost>();
  const servers = (): string => {
    const entries = [...hosts].map(
      ({ port, user, hostKey, keyFile }) =>
        `{ssh: {address: 127.0.0.1, port: ${port}, user: ${user}, hostKey: "${hostKey}"}, sshKey: ${keyFile}}`,
    );
    return entries.length === 0 ? "" : `, servers: [${entries.join(", ")}]`;
  };
  await writeFile(file, "");
  const configOf = (
    namespace: string,
    cluster = `cluster: {kubeconfig: ${plane.adminKubeconfig}${servers()}}\n`,
  ): Promise<Config> => parseConfig(yaml(namespace, cluster), file, {});
  const publish: ClusterStack["publish"] = async (keys) => {
    const { text, status } = await plane.ask("/openid/v1/jwks");
    // A cluster whose issuer is no URL shows no keys; somebody else's stand in their place.
    const { privateKey } = ecKey("other");
    const own =
      status === 200 ? (JSON.parse(text) as { keys: object[] }).keys : [publicJwk(privateKey, "other")];
    server.publish(keys ?? own, { "cache-control": "max-age=1" });
  };
  await publish();
  return {
    plane,
    publish,
    async apply(object) {
      await plane.kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify(object));
    },
    make: async (path, body) => checked(await plane.ask(path, { method: "POST", body }), path),
    async trust(namespace) {
      const stack = await openStack({
        // Without its cluster, whose issuer may be another: that is what `up` would refuse.
        config: await configOf(namespace, ""),
        env: {},
        clock,
        signal,
        route,
        open,
      });
      try {
        const { failed } = await stack.apply(await stack.plan());
        if (failed[0] !== undefined) throw failed[0].error;
      } finally {
        stack.close();
      }
    },
    async machine(manifest) {
      const host = await startSshHost();
      const there = join(host.root, "etc/kubernetes/manifests");
      await mkdir(there, { recursive: true });
      await writeFile(join(there, "kube-apiserver.yaml"), JSON.stringify(manifest), { mode: 0o600 });
      hosts.add(host);
      return {
        async [Symbol.asyncDispose]() {
          hosts.delete(host);
          await host.stop();
        },
      };
    },
    gather: async (namespace, more = {}) =>
      gatherChain({ config: await configOf(namespace), route, open, clock, signal, env, ...more }),
    async [Symbol.asyncDispose]() {
      for (const host of hosts) await host.stop();
      await sandbox.close();
      await server.close();
      await plane.stop();
      await rm(folder, { recursive: true });
    },
  };
}
