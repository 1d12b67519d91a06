import { defined, PodtrustError, shellWord, withNextStep } from "../../core/base/index.ts";
import { isLoopback } from "../../core/http/index.ts";
import type { ClusterServer, ClusterSource } from "../../config/index.ts";
import type { Consent } from "../../core/credentials/index.ts";
import {
  type ClientCertificate,
  type KubernetesApi,
  openKubernetes,
} from "../../providers/kubernetes/index.ts";
import { adminCertificate } from "./admin-certificate.ts";
import { TunnelledApiServer } from "./api-server.ts";
import { RecordFiles } from "../record/index.ts";
import { checkListed } from "./known.ts";
import { apiServerManifest, keptFolder, keyFolder, KubeadmFiles } from "./kubeadm.ts";
import { kubeletOf } from "./kubelet.ts";
import { MachineKeys } from "./machine-keys.ts";
import { ServerMachine } from "./machine.ts";
import type { KubeletSettings } from "../../rules/distribution/index.ts";
import { RancherFiles } from "./rancher.ts";
import type { ControlPlaneServer, ServerFiles } from "./server.ts";
import { requireOwnAddress } from "./proxied.ts";
import { sessionOf, type SessionsOptions } from "./session.ts";
import { askedThroughRestart } from "./settle.ts";
import { ServerTunnel } from "./tunnel.ts";

export interface ServersOptions extends SessionsOptions {
  /** `cluster` of the config: its CA and credentials are good for each server by itself. */
  readonly cluster: ClusterSource;
  /** What the files are changed for: `adopt`, `rotate`. What one puts back the other does not touch. */
  readonly purpose: "adopt" | "rotate";
  /** SSH addresses of the list, as ADDRESS or ADDRESS:PORT, that are taken off it: machines that are gone. None by default. */
  readonly without?: readonly string[];
  /** No API server answers: which others the cluster has is not asked. */
  readonly withoutApi?: boolean;
  /** Names of the cluster's that are no API servers, as a person says. None by default. */
  readonly notServers?: readonly string[];
  /** Called with what is not listed, where that is to stop nothing. */
  readonly onUnlisted?: (why: string) => void;
  readonly consent?: Consent;
  /** What is shown to each server instead of the config's own credential, as soon as there is one. */
  readonly certificate?: () => ClientCertificate | undefined;
  /** Called while the cluster is silent, as `askedThroughRestart` does. */
  readonly onWait?: (reason: string, deadline: number) => void;
}

/** The API servers of a cluster, one by one. */
export interface Servers {
  /** In the order of the config. */
  readonly all: readonly ControlPlaneServer[];
  close(): Promise<void>;
}

// Every distribution's server certificate is for it, whatever the cluster is called outside.
const serverName = "kubernetes.default.svc";

// A kubeadm machine whose manifest is away is known by what podtrust kept there, and by its keys. A server of k3s or RKE2 by its folder, or
// where that was moved (data-dir) by a unit that is no agent's.
const lookScript = (manifest: string): string => `
has_unit() {
  for unit in "/etc/systemd/system/$1"*.service "/usr/local/lib/systemd/system/$1"*.service "/usr/lib/systemd/system/$1"*.service; do
    case $unit in *-agent.service) ;; *) if [ -e "$unit" ]; then return 0; fi ;; esac
  done
  return 1
}
printf 'hostname %s\\n' "$(hostname)"
printf 'seconds %s\\n' "$(date +%s)"
if [ -e ${shellWord(manifest)} ]; then echo 'has kubeadm'; fi
for one in rke2 k3s; do
  if [ -e "/etc/rancher/$one" ] && { [ -d "/var/lib/rancher/$one/server" ] || has_unit "$one"; }; then echo "has $one"; fi
done
if [ -d ${keptFolder} ] || [ -e ${keyFolder}/sa.pub ]; then echo 'has kubeadm'; fi
cat /proc/net/fib_trie 2>/dev/null | awk '/32 host LOCAL/ {print "address " last} {last=$2}' | sort -u
awk '$4 == "00" {print "address6 " $1}' /proc/net/if_inet6 2>/dev/null || true
`;

interface MachineLook {
  readonly hostname: string;
  /** Milliseconds since the epoch, by its own clock. */
  readonly now: number;
  readonly addresses: readonly string[];
  readonly distributions: readonly string[];
}

const expanded = (digits: string): string =>
  new URL(`http://[${(digits.match(/.{4}/gu) ?? []).join(":")}]`).hostname.slice(1, -1);

function lookOf(output: string): MachineLook {
  const lines = output.split("\n").map((line) => line.trim().split(" "));
  const values = (label: string): readonly string[] =>
    lines.flatMap(([name, value = ""]) => (name === label ? [value] : []));
  const v6 = values("address6").filter((digits) => /^[0-9a-f]{32}$/u.test(digits));
  const addresses = [...values("address"), ...v6.map(expanded)];
  return {
    hostname: values("hostname")[0] ?? "",
    now: Number(values("seconds")[0]) * 1000,
    addresses: addresses.filter((address) => !isLoopback(address)),
    distributions: values("has"),
  };
}

function filesOf(
  machine: ServerMachine,
  { distributions, hostname, kubelet }: MachineLook & { readonly kubelet: KubeletSettings },
  purpose: "adopt" | "rotate",
): ServerFiles {
  const [name] = distributions;
  // As a kubelet names its node where nobody tells it another name.
  const node = kubelet.node ?? hostname.toLowerCase();
  if (name === "kubeadm") return new KubeadmFiles(machine, purpose, { ...kubelet, node });
  if (name === "k3s" || name === "rke2") return new RancherFiles(machine, name, purpose, node);
  throw new PodtrustError(
    "server-distribution",
    `${machine.text} has neither ${apiServerManifest(kubelet)} nor a server of k3s or RKE2`,
  );
}

/** podtrust's own folder, in which its files keep what stood there before. */
function ownFolderOf({ distributions: [name] }: MachineLook): string {
  return name === "kubeadm" ? keptFolder : `/etc/rancher/${name}/podtrust`;
}

/** Opens one server; what it opened is added to `opened`, to be ended in the other order. Throws `server-*`, `ssh-*`, `host-*`. */
export async function openServer(
  config: ClusterServer,
  options: ServersOptions,
  opened: (() => Promise<void>)[],
): Promise<ControlPlaneServer> {
  const { cluster, env, clock, consent, purpose, signal } = options;
  const session = await sessionOf(config, options);
  opened.push(() => session.close());
  const machine = new ServerMachine(session);
  const kubelet = await kubeletOf(machine, signal);
  const look = lookOf(await machine.run("looking at it", lookScript(apiServerManifest(kubelet)), signal));
  const files = filesOf(machine, { ...look, kubelet }, purpose);
  const open = { env, clock, ...defined({ consent }) };
  const tunnel = new ServerTunnel(session, await files.port(signal), (port) =>
    openKubernetes(cluster, {
      ...open,
      tunnel: { port, serverName },
      ...defined({ certificate: options.certificate?.() }),
    }),
  );
  opened.push(() => tunnel.close());
  return {
    api: new TunnelledApiServer(look.hostname, { files, machine }, tunnel),
    files,
    machineKeys: new MachineKeys(machine, await files.keyFolder(signal)),
    record: new RecordFiles(machine, ownFolderOf(look)),
    facts: { hostname: look.hostname, addresses: look.addresses, epoch: look.now - clock.elapsed() },
    adminCertificate: (until) => adminCertificate(machine, files.distribution, until),
  };
}

function checkTwice(servers: readonly ControlPlaneServer[], configs: readonly ClusterServer[]): void {
  const names = servers.map(({ facts }) => facts.hostname);
  const again = names.findIndex((name, index) => names.indexOf(name) < index);
  if (again === -1) return;
  const [one, other] = [names.indexOf(names[again] ?? ""), again].map((index) => configs[index]?.ssh.address);
  throw new PodtrustError(
    "server-twice",
    `cluster.servers: ${one} and ${other} are both the machine ${names[again]}`,
  );
}

/** Whether a server is the one at ADDRESS or ADDRESS:PORT. */
function isAt({ ssh: { address, port } }: ClusterServer, text: string): boolean {
  return text === address || text === `${address}:${port}`;
}

/** Throws `server-answers` for a machine that is said to be gone and that SSH reaches, whatever it says. */
async function checkGone(config: ClusterServer, options: ServersOptions): Promise<void> {
  const { address } = config.ssh;
  const opened: (() => Promise<void>)[] = [];
  try {
    await openServer(config, options, opened);
  } catch (error) {
    if (error instanceof PodtrustError && error.code === "ssh-unreachable") return;
    options.signal.throwIfAborted();
    throw new PodtrustError("server-answers", `--without ${address}: something answers SSH there`, {
      cause: error,
      detail: { address },
    });
  } finally {
    for (const end of opened.reverse()) await end();
  }
  throw new PodtrustError("server-answers", `--without ${address}: the machine answers SSH`, {
    detail: { address },
  });
}

/** The servers of the config that are there. Throws `server-answers`, and `usage` for an address that it does not name. */
async function remaining(options: ServersOptions): Promise<readonly ClusterServer[]> {
  const { servers, without = [] } = options;
  for (const text of without) {
    const gone = servers.find((server) => isAt(server, text));
    if (gone === undefined) {
      throw new PodtrustError("usage", `--without ${text}: cluster.servers names no such address`, {
        next: `Give one of ${servers.map(({ ssh }) => `${ssh.address}:${ssh.port}`).join(", ")}.`,
      });
    }
    await checkGone(gone, options);
  }
  const left = servers.filter((server) => !without.some((text) => isAt(server, text)));
  if (left.length > 0) return left;
  throw new PodtrustError("usage", "--without takes off every API server: none is left");
}

const unlisted: readonly string[] = ["server-not-listed", "server-answers"];

/** Compares the list with what the cluster knows. Throws what `checkListed` does, unless that is to stop nothing. */
async function checkKnown(
  api: KubernetesApi,
  all: readonly ControlPlaneServer[],
  { clock, signal, notServers, without, onUnlisted }: ServersOptions,
): Promise<void> {
  const listed = all.map((server) => server.facts);
  try {
    await checkListed(api, { listed, elapsed: clock.elapsed(), ...defined({ notServers, without }) }, signal);
  } catch (error) {
    if (onUnlisted === undefined || !(error instanceof PodtrustError) || !unlisted.includes(error.code))
      throw error;
    onUnlisted(error.message);
  }
}

/** The same error, with the way out where podtrust's own last change is why no API server answers. */
function withWayOut(error: unknown): unknown {
  if (!(error instanceof PodtrustError) || error.code !== "cluster-unreachable") return error;
  return withNextStep(
    error,
    `${error.next} If no API server starts since podtrust changed its files: podtrust adopt undo --without-api.`,
  );
}

/**
 * Opens the API servers that the config names, each over SSH with its pinned host key and at its own address. Throws
 * `server-not-listed` for one that the cluster knows and neither config nor `notServers` names, `server-answers` for one of `without` that is
 * there, `server-proxied`, `server-twice`, `server-distribution`, `ssh-*`, and what the cluster's API does. A cluster that is silent may be restarting
 * and is waited for, a minute at the most.
 */
export async function openServers(options: ServersOptions): Promise<Servers> {
  const { cluster, env, clock, consent, withoutApi = false } = options;
  const opened: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  try {
    const opening = { env, clock, ...defined({ consent }) };
    const api = withoutApi ? undefined : await openKubernetes(cluster, opening);
    if (api !== undefined) requireOwnAddress(api.server);
    const all: ControlPlaneServer[] = [];
    const listed = await remaining(options);
    for (const server of listed) all.push(await openServer(server, options, opened));
    checkTwice(all, listed);
    if (api === undefined) return { all, close };
    await askedThroughRestart(() => checkKnown(api, all, options), options);
    return { all, close };
  } catch (error) {
    await close();
    throw withWayOut(error);
  }
}
