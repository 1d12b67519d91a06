import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { buildPrograms, type KubernetesVersion, type Programs } from "../build.ts";
import { type ApiServer, type ServerKeys, type ServerSpec, startApiServer } from "./api-server.ts";
import { type Authority, type CertificateRequest, createAuthority, type KeyPair } from "./authority.ts";
import { type Etcd, startEtcd } from "./etcd.ts";
import { type ApiAnswer, ask, type AskOptions } from "./https.ts";
import { kubeconfig } from "./kubeconfig.ts";
import { freePorts } from "./ports.ts";
import { openRun, type Run } from "./run.ts";
import { createSigningKey, type SigningKey, type SigningKeyType } from "./signing-key.ts";
import { maxWait } from "../../support/until.ts";

export interface ControlPlaneOptions {
  /** `iss` of the tokens; nothing needs to answer there. */
  readonly issuer: string;
  /** Of the API server, whatever the version of the rest; the usual one by default. */
  readonly version?: KubernetesVersion;
  /** Absent: Kubernetes names the API server's own address. */
  readonly jwksUri?: string;
  /** 1 by default; all on one etcd. */
  readonly servers?: number;
  /** The type of the first signing key; RS256 by default. */
  readonly keyType?: SigningKeyType;
  /** More names in the servers' certificates than localhost and 127.0.0.1. */
  readonly serverNames?: readonly string[];
  /** More flags of kube-apiserver. */
  readonly extraArgs?: readonly string[];
}

/** A real Kubernetes API on loopback. */
export interface ControlPlane {
  readonly issuer: string;
  /** URL of the first API server. */
  readonly server: string;
  readonly servers: readonly ApiServer[];
  /** PEM of the CA of servers and clients. */
  readonly ca: string;
  /** Path of a kubeconfig with every right (group system:masters). */
  readonly adminKubeconfig: string;
  /** Path of a kubeconfig for a client certificate of this user, who has the rights that RBAC gives him. */
  readonly kubeconfigFor: (user: string, groups?: readonly string[]) => Promise<string>;
  /** Path of a kubeconfig for a bearer token, such as a ServiceAccount's. */
  readonly kubeconfigWithToken: (token: string) => string;
  /** A certificate of the cluster's CA, for a server or a client. */
  readonly issue: (request: CertificateRequest) => Promise<KeyPair>;
  /** The keys in use now. */
  readonly keys: () => ServerKeys;
  readonly createKey: (type?: SigningKeyType) => SigningKey;
  /**
   * Starts the API servers anew with other keys, one after the other, each on its own port; in between, servers have
   * different keys, as in a real rollout. Etcd, and all that stands in it, goes on.
   */
  readonly useKeys: (keys: ServerKeys) => Promise<void>;
  /** The same for one server, counted from 0. */
  readonly useKeysOn: (index: number, keys: ServerKeys) => Promise<void>;
  /** Asks an API server, the first by default, as its administrator, unless a token or another client is given. */
  readonly ask: (path: string, options?: AskOptions & { readonly server?: number }) => Promise<ApiAnswer>;
  /** Runs kubectl as the administrator and gives its stdout; `input` is its stdin. */
  readonly kubectl: (args: readonly string[], input?: string) => Promise<string>;
  /** A token by the real TokenRequest API; the ServiceAccount must exist. */
  readonly requestToken: (
    namespace: string,
    name: string,
    audience: string,
    seconds?: number,
  ) => Promise<string>;
  /** Path of kubectl. */
  readonly kubectlPath: string;
  /** Its files and logs; gone after `stop`. */
  readonly folder: string;
  /** The store of all servers. */
  readonly etcd: Etcd;
  /** Every process of this control plane that runs. */
  readonly pids: () => readonly number[];
  readonly stop: () => Promise<void>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

interface Base {
  readonly run: Run;
  readonly programs: Programs;
  readonly authority: Authority;
  readonly options: ControlPlaneOptions;
  readonly etcdUrl: string;
}

async function serverSpecs(base: Base): Promise<readonly ServerSpec[]> {
  const { run, programs, authority, options, etcdUrl } = base;
  // The last is that of the Service kubernetes, as pods ask for it.
  const names = [
    "localhost",
    "127.0.0.1",
    "kubernetes.default.svc",
    "10.96.0.1",
    ...(options.serverNames ?? []),
  ];
  const pair = await authority.issue({ commonName: "kube-apiserver", names });
  const toKubelets = await authority.issue({
    commonName: "kube-apiserver-kubelet-client",
    organizations: ["system:masters"],
  });
  const files = {
    certificate: run.write("server.crt", pair.certificate),
    key: run.write("server.key", pair.key),
    ca: run.write("ca.crt", authority.certificate),
    kubeletCertificate: run.write("kubelet-client.crt", toKubelets.certificate),
    kubeletKey: run.write("kubelet-client.key", toKubelets.key),
  };
  const ports = await freePorts(options.servers ?? 1);
  return ports.map((port, index) => ({
    name: `kube-apiserver${index}`,
    port,
    command: programs["kube-apiserver"],
    etcdUrl,
    files,
    ca: authority.certificate,
    issuer: options.issuer,
    jwksUri: options.jwksUri,
    extraArgs: [`--cert-dir=${run.folder}`, ...(options.extraArgs ?? [])],
  }));
}

async function startServers(base: Base, keys: ServerKeys): Promise<readonly ApiServer[]> {
  const servers: ApiServer[] = [];
  for (const spec of await serverSpecs(base)) servers.push(await startApiServer(base.run, spec, keys));
  return servers;
}

function statusOf(answer: ApiAnswer, what: string): string {
  if (answer.status < 300) return answer.text;
  throw new Error(`${what}: the API server answers ${answer.status}: ${answer.text}`);
}

interface Administration {
  readonly urls: readonly string[];
  readonly client: KeyPair;
}

function clientsOf(base: Base, admin: Administration) {
  const { run, authority, programs } = base;
  const ca = authority.certificate;
  let files = 0;
  const writeConfig = (user: KeyPair | { token: string }): string => {
    files += 1;
    return run.write(`kubeconfig-${files}`, kubeconfig({ server: admin.urls[0] ?? "", ca, user }));
  };
  const adminKubeconfig = writeConfig(admin.client);
  const asked: ControlPlane["ask"] = (path, { server = 0, ...options } = {}) =>
    ask(
      `${admin.urls[server]}${path}`,
      ca,
      options.token === undefined ? { client: admin.client, ...options } : options,
    );
  const kubectl: ControlPlane["kubectl"] = async (args, input) => {
    const running = promisify(execFile)(programs.kubectl, [`--kubeconfig=${adminKubeconfig}`, ...args], {
      env: { HOME: run.folder },
      timeout: maxWait,
    });
    running.child.stdin?.end(input ?? "");
    return (await running).stdout;
  };
  const requestToken: ControlPlane["requestToken"] = async (namespace, name, audience, seconds = 3600) => {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
    const body = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: { audiences: [audience], expirationSeconds: seconds },
    };
    const text = statusOf(
      await asked(path, { method: "POST", body }),
      `TokenRequest for ${namespace}/${name}`,
    );
    return (JSON.parse(text) as { status: { token: string } }).status.token;
  };
  return {
    adminKubeconfig,
    kubeconfigWithToken: (token: string) => writeConfig({ token }),
    kubeconfigFor: async (user: string, groups: readonly string[] = []) =>
      writeConfig(await authority.issue({ commonName: user, organizations: groups })),
    issue: (request: CertificateRequest) => authority.issue(request),
    ask: asked,
    kubectl,
    kubectlPath: programs.kubectl,
    requestToken,
  };
}

async function assemble(base: Base, etcd: Etcd): Promise<ControlPlane> {
  const { run, authority, options } = base;
  const first = createSigningKey(run, options.keyType);
  let keys: ServerKeys = { signer: first, verifiers: [first] };
  const servers = await startServers(base, keys);
  const urls = servers.map((server) => server.url);
  const client = await authority.issue({ commonName: "admin", organizations: ["system:masters"] });
  const useKeysOn = async (index: number, next: ServerKeys): Promise<void> => {
    const server = servers[index];
    if (server === undefined) throw new TypeError(`there is no API server ${index}`);
    await server.restart(next);
    keys = next;
  };
  const stop = (): Promise<void> => run.end();
  return {
    ...clientsOf(base, { urls, client }),
    issuer: options.issuer,
    folder: run.folder,
    server: urls[0] ?? "",
    servers,
    ca: authority.certificate,
    keys: () => keys,
    createKey: (type) => createSigningKey(run, type),
    async useKeys(next) {
      for (const index of servers.keys()) await useKeysOn(index, next);
    },
    useKeysOn,
    etcd,
    pids: () => [etcd.pid(), ...servers.map((server) => server.pid())],
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Starts etcd and API servers with their own CA, on free ports of loopback, and waits until they are ready. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const programs = await buildPrograms(console.log, options.version);
  const run = openRun("cluster");
  try {
    const authority = await createAuthority("podtrust test cluster");
    const etcd = await startEtcd(run, programs.etcd);
    return await assemble({ run, programs, authority, options, etcdUrl: etcd.url }, etcd);
  } catch (error) {
    await run.end();
    throw error;
  }
}
