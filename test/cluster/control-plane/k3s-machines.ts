/**
 * Servers of k3s' form on one datastore, or one of RKE2's: the stand-in for k3s with real API servers, each on a machine with mounts, processes, a host
 * name and folders of its own, driven only over SSH. Nothing of k3s itself is in it (test/cluster/build/stand-in-k3s says what it does).
 */
import { existsSync, readFileSync } from "node:fs";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { busctl, hostFolders, type SshHost, startSshHost } from "../../support/ssh-host/index.ts";
import { until } from "../../support/until.ts";
import { buildProgram } from "../build.ts";
import { startEtcd } from "../harness/etcd.ts";
import { ask } from "../harness/https.ts";
import { freePorts } from "../harness/index.ts";
import { openRun, type Run } from "../harness/run.ts";
import type { ControlPlaneMachine, ControlPlaneMachines } from "./machines.ts";

/** Which of the two a machine runs. RKE2's ports are fixed, so that there is room for one on loopback. */
export type RancherProduct = "k3s" | "rke2";

/** Where its keys are, below a host's root. */
export const tlsFolder = (product: RancherProduct): string => `var/lib/rancher/${product}/server/tls`;

const kubelet = fileURLToPath(new URL("kubelet-stand-in.ts", import.meta.url));
const units = { k3s: "k3s.service", rke2: "rke2-server.service" } as const;

/** A port that is this process's, and the one after it: k3s has its API server there. */
async function twoPorts(): Promise<number> {
  for (;;) {
    const [port = 0, next] = await freePorts(2);
    if (next === port + 1) return port;
  }
}

// RKE2's kubelet is its child, and its containers outlive both: here one process stands for kubelet and runtime.
const kubeletOf = (programs: string): string =>
  `'${process.execPath}' '${kubelet}' '${programs}/kube-apiserver' /run/stand-in/pod.log /var/lib/rancher/rke2/agent/pod-manifests /run/k3s/containerd/containerd.sock &\n`;

// What a unit with Restart=always does: it starts k3s anew when that ends, and when it is asked to.
const service = (programs: string, product: RancherProduct): string => `mkdir -p /run/stand-in
${product === "rke2" ? kubeletOf(programs) : ""}while :; do
  rm -f /run/stand-in/ask-restart
  cat /proc/sys/kernel/random/uuid >/run/stand-in/invocation
  date +%s%6N >/run/stand-in/began
  : >/run/stand-in/journal
  STAND_IN_PROGRAMS=${programs} /usr/local/bin/${product} server >>/run/stand-in/journal 2>&1 &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    if [ -e /run/stand-in/ask-restart ]; then kill "$pid" 2>/dev/null || true; break; fi
    sleep 0.2
  done
  wait "$pid" || true
  cat /run/stand-in/journal >>/run/stand-in/all
  sleep 0.3
done
`;

async function prepareHost(host: SshHost, config: string, product: RancherProduct): Promise<void> {
  const programs: Readonly<Record<string, string>> = {
    journalctl: "cat /run/stand-in/journal",
    systemctl: `case "$*" in
  'restart --no-block ${units[product]}') : >/run/stand-in/ask-restart ;;
  'show -p InvocationID --value k3s') cat /run/stand-in/invocation ;;
esac`,
  };
  for (const [name, script] of Object.entries(programs)) await host.program(name, script);
  const program = `/usr/local/bin/${product}`;
  await host.program("busctl", busctl({ [units[product]]: [program, "server"] }));
  await mkdir(join(host.root, "usr/local/bin"), { recursive: true });
  await copyFile(await buildProgram("k3s"), join(host.root, program));
  const folder = join(host.root, "etc/rancher", product);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "config.yaml"), config, { mode: 0o600 });
}

interface Wanted {
  readonly name: string;
  readonly product: RancherProduct;
  readonly config: string;
  readonly port: number;
}

async function startMachine(run: Run, { name, product, config, port }: Wanted): Promise<ControlPlaneMachine> {
  const host = await startSshHost();
  await prepareHost(host, config, product);
  const script = run.write(`${name}.sh`, service(dirname(await buildProgram("kube-apiserver")), product));
  const binds = hostFolders.map((folder) => `mount --bind '${host.root}/${folder}' '/${folder}'`);
  const init = ["mount --make-rprivate /", ...binds, `hostname ${name}`, `exec sh '${script}'`].join(" && ");
  const program = await run.start({
    name,
    command: "unshare",
    args: ["--mount", "--pid", "--uts", "--fork", "--kill-child", "--mount-proc", "sh", "-c", init],
    env: { PATH: process.env["PATH"] ?? "" },
  });
  const children = `/proc/${program.pid}/task/${program.pid}/children`;
  await until(`${name} has a process`, () => readFileSync(children, "utf8").trim() !== "");
  await host.join(Number(readFileSync(children, "utf8").trim().split(" ")[0]));
  const file = (path: string): string => readFileSync(join(host.root, path), "utf8");
  const tls = tlsFolder(product);
  const url = `https://127.0.0.1:${port}`;
  const client = () => ({
    certificate: file(`${tls}/client-admin.crt`),
    key: file(`${tls}/client-admin.key`),
  });
  const machine: ControlPlaneMachine = {
    name,
    host,
    url,
    // Its certificates are made by its first start.
    ask: async (path, options = {}) =>
      ask(`${url}${path}`, file(`${tls}/server-ca.crt`), { client: client(), ...options }),
    log: () => {
      const journal = join(host.root, "run/stand-in/journal");
      return existsSync(journal) ? readFileSync(journal, "utf8").slice(-4000) : program.output();
    },
    stop: () => host.stop(),
  };
  try {
    await until(`${name} is ready`, () =>
      machine.ask("/readyz").then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
  } catch (cause) {
    throw new Error(`${name} is not ready. Its last words:\n${machine.log()}`, { cause });
  }
  return machine;
}

/** Starts a datastore and the servers, one after the other; the caller stops them. */
export async function startK3sMachines(options: {
  readonly names: readonly string[];
  readonly issuer: string;
  /** k3s by default. */
  readonly product?: RancherProduct;
}): Promise<ControlPlaneMachines> {
  const { product = "k3s" } = options;
  const run = openRun(product);
  const machines: ControlPlaneMachine[] = [];
  const stop = async (): Promise<void> => {
    await run.end();
    for (const machine of machines) await machine.stop();
  };
  try {
    const { url } = await startEtcd(run, await buildProgram("etcd"));
    for (const name of options.names) {
      const port = product === "rke2" ? 6443 : await twoPorts();
      const config = `datastore-endpoint: ${url}
https-listen-port: ${port}
token: shared
node-name: ${name}
kube-apiserver-arg:
- service-account-issuer=${options.issuer}
- service-account-jwks-uri=${options.issuer}/openid/v1/jwks
- shutdown-delay-duration=0s
`;
      machines.push(await startMachine(run, { name, product, config, port }));
    }
    const [first] = machines;
    if (first === undefined) throw new TypeError("no server");
    const entries = machines.map(
      ({ host }) =>
        `{ssh: {address: 127.0.0.1, port: ${host.port}, user: ${host.user}, hostKey: "${host.hostKey}"}, sshKey: ${host.keyFile}}`,
    );
    const kubeconfig = await readFile(
      join(first.host.root, "etc/rancher", product, `${product}.yaml`),
      "utf8",
    );
    return {
      machines,
      ca: await readFile(join(first.host.root, tlsFolder(product), "server-ca.crt"), "utf8"),
      kubeconfig: run.write("kubeconfig", kubeconfig),
      serversText: `servers: [${entries.join(", ")}]`,
      folder: run.folder,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
