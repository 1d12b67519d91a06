/**
 * Servers of k3s' form on one datastore: the stand-in for k3s with real API servers, each on a machine with mounts, processes, a host
 * name and folders of its own, driven only over SSH. Nothing of k3s itself is in it (test/cluster/build/stand-in-k3s says what it does).
 */
import { existsSync, readFileSync } from "node:fs";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hostFolders, type SshHost, startK3sWith, startSshHost } from "../../support/ssh-host/index.ts";
import { until } from "../../support/until.ts";
import { buildProgram } from "../build.ts";
import { startEtcd } from "../harness/etcd.ts";
import { ask } from "../harness/https.ts";
import { freePorts } from "../harness/index.ts";
import { openRun, type Run } from "../harness/run.ts";
import type { ControlPlaneMachine, ControlPlaneMachines } from "./machines.ts";

const data = "/var/lib/rancher/k3s/server";

/** A port that is this process's, and the one after it: k3s has its API server there. */
async function twoPorts(): Promise<number> {
  for (;;) {
    const [port = 0, next] = await freePorts(2);
    if (next === port + 1) return port;
  }
}

// What a unit with Restart=always does: it starts k3s anew when that ends, and when it is asked to.
const service = (programs: string): string => `mkdir -p /run/stand-in
while :; do
  rm -f /run/stand-in/ask-restart
  cat /proc/sys/kernel/random/uuid >/run/stand-in/invocation
  date +%s%6N >/run/stand-in/began
  : >/run/stand-in/journal
  STAND_IN_PROGRAMS=${programs} /usr/local/bin/k3s server >>/run/stand-in/journal 2>&1 &
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

async function prepareHost(host: SshHost, config: string): Promise<void> {
  const programs: Readonly<Record<string, string>> = {
    journalctl: "cat /run/stand-in/journal",
    systemctl: `case "$*" in
  'restart --no-block k3s.service') : >/run/stand-in/ask-restart ;;
  'show -p InvocationID --value k3s') cat /run/stand-in/invocation ;;
esac`,
  };
  for (const [name, script] of Object.entries(programs)) await host.program(name, script);
  await startK3sWith(host, []);
  await mkdir(join(host.root, "usr/local/bin"), { recursive: true });
  await copyFile(await buildProgram("k3s"), join(host.root, "usr/local/bin/k3s"));
  await mkdir(join(host.root, "etc/rancher/k3s"), { recursive: true });
  await writeFile(join(host.root, "etc/rancher/k3s/config.yaml"), config, { mode: 0o600 });
}

async function startMachine(
  run: Run,
  name: string,
  config: string,
  port: number,
): Promise<ControlPlaneMachine> {
  const host = await startSshHost();
  await prepareHost(host, config);
  const script = run.write(`${name}.sh`, service(dirname(await buildProgram("kube-apiserver"))));
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
  const url = `https://127.0.0.1:${port}`;
  const client = () => ({
    certificate: file(`${data}/tls/client-admin.crt`),
    key: file(`${data}/tls/client-admin.key`),
  });
  const machine: ControlPlaneMachine = {
    name,
    host,
    url,
    // Its certificates are made by its first start.
    ask: async (path, options = {}) =>
      ask(`${url}${path}`, file(`${data}/tls/server-ca.crt`), { client: client(), ...options }),
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
}): Promise<ControlPlaneMachines> {
  const run = openRun("k3s");
  const machines: ControlPlaneMachine[] = [];
  const stop = async (): Promise<void> => {
    await run.end();
    for (const machine of machines) await machine.stop();
  };
  try {
    const { url } = await startEtcd(run, await buildProgram("etcd"));
    for (const name of options.names) {
      const port = await twoPorts();
      const config = `datastore-endpoint: ${url}
https-listen-port: ${port}
token: shared
node-name: ${name}
kube-apiserver-arg:
- service-account-issuer=${options.issuer}
- service-account-jwks-uri=${options.issuer}/openid/v1/jwks
- shutdown-delay-duration=0s
`;
      machines.push(await startMachine(run, name, config, port));
    }
    const [first] = machines;
    if (first === undefined) throw new TypeError("no server");
    const entries = machines.map(
      ({ host }) =>
        `{ssh: {address: 127.0.0.1, port: ${host.port}, user: ${host.user}, hostKey: "${host.hostKey}"}, sshKey: ${host.keyFile}}`,
    );
    const kubeconfig = await readFile(join(first.host.root, "etc/rancher/k3s/k3s.yaml"), "utf8");
    return {
      machines,
      ca: await readFile(join(first.host.root, data, "tls/server-ca.crt"), "utf8"),
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
