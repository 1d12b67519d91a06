/**
 * The control plane nodes of a cluster of kubeadm's form: real API servers on one etcd. Each node has mounts, processes, a host name
 * and /etc/kubernetes of its own, and is driven only over SSH, as a user's is.
 */
import { generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { Agent } from "node:https";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildProgram, buildPrograms } from "../build.ts";
import { defaultVersion, type KubernetesVersion } from "../modules.ts";
import { hostFolders, type SshHost, startSshHost, whyNoSshHost } from "../../support/ssh-host/index.ts";
import { until } from "../../support/until.ts";
import { createAuthority, type KeyPair } from "../harness/authority.ts";
import { startEtcd } from "../harness/etcd.ts";
import { type ApiAnswer, ask, type AskOptions } from "../harness/https.ts";
import { freePorts, leftOut } from "../harness/index.ts";
import { kubeconfig } from "../harness/kubeconfig.ts";
import { openRun, type Run } from "../harness/run.ts";
import { apiServerImage, startKubeletNode } from "./kubelet-node.ts";

const kubelet = fileURLToPath(new URL("kubelet-stand-in.ts", import.meta.url));
const pki = "/etc/kubernetes/pki";
export const manifestPath = "/etc/kubernetes/manifests/kube-apiserver.yaml";

/** Why no such nodes can be had here; false where they can. */
export function machinesLeftOut(version: KubernetesVersion = defaultVersion): string | false {
  const missing = whyNoSshHost("a machine with processes of its own");
  return missing === undefined ? leftOut([version]) : `left out: ${missing}`;
}

/** A node as who asks its API server sees it. */
export interface ReachableMachine {
  readonly name: string;
  /** Asks it as the administrator unless another client is named; rejects while it is away. */
  readonly ask: (path: string, options?: AskOptions) => Promise<ApiAnswer>;
}

/** One node. */
export interface ControlPlaneMachine extends ReachableMachine {
  readonly host: SshHost;
  /** Its API server's own URL. */
  readonly url: string;
  /** The end of its API server's log, or of its kubelet's. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

/** All of them. */
export interface ControlPlaneMachines {
  readonly machines: readonly ControlPlaneMachine[];
  /** PEM. */
  readonly ca: string;
  /** Path of an administrator's kubeconfig for the first node. */
  readonly kubeconfig: string;
  /** Part of a config, `servers: [...]`, as it stands within `cluster: {…}`. */
  readonly serversText: string;
  /** A folder of the test's. */
  readonly folder: string;
  readonly stop: () => Promise<void>;
}

export interface MachinesOptions {
  /** Names of the nodes; two by default. */
  readonly names?: readonly string[];
  /** `--service-account-issuer` of all of them, in their order. */
  readonly issuers: readonly string[];
  /** More flags of each API server, without their hyphens. */
  readonly extraArgs?: readonly string[];
  /** Of the API servers; 1.36 by default. */
  readonly version?: KubernetesVersion;
  /** What runs their static pods: a stand-in by default, which takes no containers. */
  readonly kubelets?: "real" | "stand-in";
}

interface World {
  readonly run: Run;
  readonly ca: string;
  readonly admin: KeyPair;
  readonly server: KeyPair;
  readonly saKey: string;
  readonly saPublic: string;
  readonly etcdUrl: string;
  readonly apiServer: string;
  readonly options: MachinesOptions;
}

/** As `kubeadm init` writes it. */
function manifestOf({ etcdUrl, options }: World, port: number): string {
  const flags = [
    `etcd-servers=${etcdUrl}`,
    "bind-address=127.0.0.1",
    "advertise-address=192.0.2.1",
    "endpoint-reconciler-type=none",
    `secure-port=${port}`,
    `client-ca-file=${pki}/ca.crt`,
    `tls-cert-file=${pki}/apiserver.crt`,
    `tls-private-key-file=${pki}/apiserver.key`,
    "cert-dir=/tmp",
    "authorization-mode=Node,RBAC",
    "service-cluster-ip-range=10.96.0.0/16",
    ...options.issuers.map((issuer) => `service-account-issuer=${issuer}`),
    `service-account-key-file=${pki}/sa.pub`,
    `service-account-signing-key-file=${pki}/sa.key`,
    "profiling=false",
    "shutdown-delay-duration=0s",
    ...(options.extraArgs ?? []),
  ];
  return `apiVersion: v1
kind: Pod
metadata:
  annotations:
    kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint: 192.0.2.1:${port}
  labels:
    component: kube-apiserver
    tier: control-plane
  name: kube-apiserver
  namespace: kube-system
spec:
  containers:
  - command:
    - kube-apiserver
${flags.map((flag) => `    - --${flag}`).join("\n")}
    image: ${apiServerImage}
    name: kube-apiserver
    volumeMounts:
    - mountPath: ${pki}
      name: k8s-certs
      readOnly: true
  hostNetwork: true
  volumes:
  - hostPath:
      path: ${pki}
      type: DirectoryOrCreate
    name: k8s-certs
`;
}

/** What runs a machine's static pod. */
interface NodeAgent {
  /** A process in whose namespaces the machine's sessions are. */
  readonly pid: number;
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

async function startRealKubelet(_: World, name: string, { root }: SshHost): Promise<NodeAgent> {
  const { pid, output, stop } = await startKubeletNode(name, root);
  return { pid, log: output, stop };
}

async function startStandIn({ run, apiServer }: World, name: string, host: SshHost): Promise<NodeAgent> {
  const log = join(run.folder, `${name}.log`);
  const binds = hostFolders.map((folder) => `mount --bind '${host.root}/${folder}' '/${folder}'`);
  const init = [
    "mount --make-rprivate /",
    ...binds,
    `hostname ${name}`,
    `exec '${process.execPath}' '${kubelet}' '${apiServer}' '${log}'`,
  ].join(" && ");
  const program = await run.start({
    name,
    command: "unshare",
    args: ["--mount", "--pid", "--uts", "--fork", "--kill-child", "--mount-proc", "sh", "-c", init],
    env: { PATH: process.env["PATH"] ?? "", NODE_NO_WARNINGS: "1" },
  });
  const children = `/proc/${program.pid}/task/${program.pid}/children`;
  await until(`${name} has a process`, () => readFileSync(children, "utf8").trim() !== "");
  return {
    pid: Number(readFileSync(children, "utf8").trim().split(" ")[0]),
    log: () => (existsSync(log) ? readFileSync(log, "utf8").slice(-4000) : program.output()),
    // It ends with the run.
    stop: () => Promise.resolve(),
  };
}

async function startMachine(world: World, name: string, port: number): Promise<ControlPlaneMachine> {
  const { ca, admin } = world;
  const host = await startSshHost();
  const put = async (path: string, text: string, mode = 0o600): Promise<void> => {
    await mkdir(join(host.root, path, ".."), { recursive: true });
    await writeFile(join(host.root, path), text, { mode });
  };
  await put(`${pki}/ca.crt`, ca);
  await put(`${pki}/apiserver.crt`, world.server.certificate);
  await put(`${pki}/apiserver.key`, world.server.key);
  await put(`${pki}/sa.key`, world.saKey);
  await put(`${pki}/sa.pub`, world.saPublic, 0o644);
  await put(manifestPath, manifestOf(world, port));
  const start = world.options.kubelets === "real" ? startRealKubelet : startStandIn;
  const { pid, log, stop } = await start(world, name, host);
  await host.join(pid);
  const url = `https://127.0.0.1:${port}`;
  return {
    name,
    host,
    url,
    ask: (path, options = {}) => ask(`${url}${path}`, ca, { client: admin, ...options }),
    log,
    stop: async () => {
      await stop();
      await host.stop();
    },
  };
}

async function untilReady({ ask: asked, name, log }: ControlPlaneMachine): Promise<void> {
  try {
    await until(`${name} is ready`, () =>
      asked("/readyz").then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
  } catch (cause) {
    throw new Error(`${name} is not ready. Its last words:\n${log()}`, { cause });
  }
}

/** Starts etcd and the nodes, and waits until each API server is ready; the caller stops them. */
export async function startMachines(options: MachinesOptions): Promise<ControlPlaneMachines> {
  const { version = defaultVersion } = options;
  const etcdProgram = await buildProgram("etcd");
  const apiServer =
    version === defaultVersion
      ? await buildProgram("kube-apiserver")
      : (await buildPrograms(undefined, version))["kube-apiserver"];
  const run = openRun("control-plane");
  const machines: ControlPlaneMachine[] = [];
  const stop = async (): Promise<void> => {
    // A real kubelet's node has its host's folders mounted.
    await run.end();
    for (const machine of machines) await machine.stop();
  };
  try {
    const authority = await createAuthority("podtrust test cluster");
    const names = ["localhost", "127.0.0.1", "kubernetes.default.svc", "10.96.0.1"];
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const world: World = {
      run,
      options,
      apiServer,
      ca: authority.certificate,
      server: await authority.issue({ commonName: "kube-apiserver", names }),
      admin: await authority.issue({ commonName: "admin", organizations: ["system:masters"] }),
      saKey: privateKey.export({ type: "pkcs8", format: "pem" }),
      saPublic: publicKey.export({ type: "spki", format: "pem" }),
      etcdUrl: (await startEtcd(run, etcdProgram)).url,
    };
    const nodes = options.names ?? ["cp-1", "cp-2"];
    const ports = await freePorts(nodes.length);
    for (const [index, name] of nodes.entries())
      machines.push(await startMachine(world, name, ports[index] ?? 0));
    for (const machine of machines) await untilReady(machine);
    const first = machines[0]?.url ?? "";
    const entries = machines.map(
      ({ host }) =>
        `{ssh: {address: 127.0.0.1, port: ${host.port}, user: ${host.user}, hostKey: "${host.hostKey}"}, sshKey: ${host.keyFile}}`,
    );
    return {
      machines,
      ca: world.ca,
      kubeconfig: run.write("kubeconfig", kubeconfig({ server: first, ca: world.ca, user: world.admin })),
      serversText: `servers: [${entries.join(", ")}]`,
      folder: run.folder,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Sets the time of day of nodes ahead, as what asks them over SSH sees it: what a rotation remembers is counted by their clocks. Their
 * API servers keep the real one.
 */
export async function setAhead(machines: readonly ControlPlaneMachine[], ms: number): Promise<void> {
  const script = `exec /bin/date -d '+${Math.round(ms / 1000)} seconds' "$@"`;
  for (const { host } of machines) await host.program("date", script);
}

/** The same machine, asked on one connection, for who asks it many times; `end` closes it. */
export function onOneConnection(machine: ControlPlaneMachine): ReachableMachine & { end(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    name: machine.name,
    ask: (path, options = {}) => machine.ask(path, { ...options, agent }),
    end: () => agent.destroy(),
  };
}
