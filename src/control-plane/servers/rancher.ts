import {
  type ApiServerFlags,
  changeServerConfig,
  type FlagChange,
  inReadingOrder,
  isConfigFile,
  issuerFlagsOf,
  type KeptFacts,
  listConfigFiles,
  manifestFlags,
  parseFlags,
  podName,
  podPort,
  startLinePattern,
  startLineWords,
  type WhatRuns,
  type ServerConfigFile,
  serverConfigFlags,
  unitFlags,
} from "../../rules/distribution/index.ts";
import { defined, PodtrustError, shellWord } from "../../core/base/index.ts";
import { yaml11Text } from "../../core/yaml/index.ts";
import { kidOf } from "./key-files.ts";
import { KeptFiles, type PreviousFiles } from "./kept-files.ts";
import { firstKids, readServerKeys, staticManagerKids } from "./kubeadm.ts";
import { runningStaticPod } from "./running.ts";
import { machineKeyFile } from "./machine-keys.ts";
import { fieldsOf, type ServerMachine } from "./machine.ts";
import { serverUnit } from "./server-unit.ts";
import type { KeyChange, RestoredFiles, ServerFiles, ServerKeyFiles } from "./server.ts";

const standardPort = 6443;
// Where RKE2 writes its manifests, and the socket of its container runtime.
const rke2StaticPods = "/var/lib/rancher/rke2/agent/pod-manifests";
const rke2Manifest = `${rke2StaticPods}/kube-apiserver.yaml`;
const rke2Runtime = "/run/k3s/containerd/containerd.sock";
// What k3s gives its controller manager. Source: controllerManager in pkg/daemons/control/server.go
const k3sSigningKey = "/var/lib/rancher/k3s/server/tls/service.current.key";

const services = { k3s: "k3s", rke2: "rke2-server" } as const;

/** The issuer's flags in config files: k3s and RKE2 add those that are missing. */
function given({ issuers, audiences, jwksUri }: ApiServerFlags): FlagChange {
  return defined({ issuers: issuers.length === 0 ? undefined : issuers, audiences, jwksUri });
}

/**
 * The line by which k3s said at this start of its unit with what it starts its API server: the first of its form, since others
 * write into that log later.
 */
async function startLine(machine: ServerMachine, signal: AbortSignal): Promise<readonly string[]> {
  const script = `
start=$(systemctl show -p InvocationID --value k3s 2>/dev/null || true)
if [ -n "$start" ]; then
  line=$(journalctl -o cat _SYSTEMD_INVOCATION_ID="$start" 2>/dev/null | grep -E -m 1 ${shellWord(startLinePattern)}) || true
  if [ -n "$line" ]; then printf 'line %s\\n' "$(printf %s "$line" | base64 -w0)"; fi
fi
`;
  const [line = ""] = fieldsOf(await machine.run("looking at its API server", script, signal), "line");
  const words = startLineWords(line);
  if (words !== undefined) return words;
  throw new PodtrustError(
    "server-process",
    `${machine.text}: k3s has not said with what its API server runs`,
    {
      detail: { machine: machine.text },
    },
  );
}

/** The files of a server of k3s or RKE2, which read them when their service starts. */
export class RancherFiles implements ServerFiles {
  readonly distribution: "k3s" | "rke2";
  readonly #machine: ServerMachine;
  readonly #kept: KeptFiles;
  readonly #folder: string;
  readonly #node: string;
  readonly #main: string;

  /** `node`: the machine's name in the cluster, by which RKE2's API server is found. */
  constructor(machine: ServerMachine, distribution: "k3s" | "rke2", purpose: "adopt" | "rotate", node = "") {
    this.distribution = distribution;
    this.#machine = machine;
    this.#node = node;
    this.#folder = `/etc/rancher/${distribution}`;
    this.#main = `${this.#folder}/config.yaml`;
    this.#kept = new KeptFiles(machine, `${this.#folder}/podtrust`, purpose);
  }

  async port(signal: AbortSignal): Promise<number> {
    const files = await this.#files(signal);
    const said = files.map(({ value }) => value["https-listen-port"]).findLast((one) => one !== undefined);
    const port = Number(said ?? standardPort);
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : standardPort;
  }

  async whatRuns(signal: AbortSignal): Promise<WhatRuns> {
    if (this.distribution === "k3s") {
      const flags = parseFlags(await startLine(this.#machine, signal));
      return { starts: flags, runs: { kind: "seen", flags } };
    }
    const manifest = await this.#machine.readYaml(rke2Manifest, signal);
    const read = manifestFlags(manifest ?? {});
    if ("fault" in read)
      throw new PodtrustError("server-file-invalid", `${this.#machine.text}: ${rke2Manifest} ${read.fault}`);
    const pod = `${podName(manifest)}-${this.#node}`;
    const server = { runtime: rke2Runtime, pod, port: podPort(manifest), manifest: rke2Manifest };
    return { starts: read.value, runs: await runningStaticPod(this.#machine, server, signal) };
  }

  /** RKE2 runs its own as a static pod, and k3s gives its own the key that signs. */
  controllerManagerKids(signal: AbortSignal): Promise<readonly string[]> {
    return this.distribution === "rke2"
      ? staticManagerKids(this.#machine, rke2StaticPods, signal)
      : firstKids(this.#machine, k3sSigningKey, signal);
  }

  async change(change: FlagChange, signal: AbortSignal): Promise<void> {
    const own = `${this.#folder}/config.yaml.d/50-issuer.yaml`;
    for (const { path, value } of changeServerConfig(await this.#files(signal), own, change))
      await this.#kept.write({ path, content: yaml11Text(value) }, change, signal);
    await this.#restart(signal);
  }

  async commandLine(signal: AbortSignal): Promise<ApiServerFlags> {
    return unitFlags(await serverUnit(this.#machine, this.distribution, signal));
  }

  /** Its config files name no key: those that came since are in files of their own. */
  async kept(signal: AbortSignal): Promise<KeptFacts | undefined> {
    const state = await this.#kept.state(signal);
    return state === "nothing" ? undefined : { isEdited: state === "edited", keysSince: [], keysGone: [] };
  }

  async restoreFiles(signal: AbortSignal): Promise<RestoredFiles> {
    const kept = await this.kept(signal);
    if (kept?.isEdited === true) {
      const before = serverConfigFlags(this.distribution, await this.#filesBefore(signal));
      await this.change(issuerFlagsOf(before), signal);
      // The former content is of no use after another change.
      await this.#kept.forget(signal);
      return { flags: given(before), kept };
    }
    await this.#kept.restore(signal);
    await this.#restart(signal);
    await this.#kept.forget(signal);
    return { flags: {} };
  }

  previous(signal: AbortSignal): Promise<PreviousFiles | undefined> {
    return this.#kept.previous(signal);
  }

  beginPutBack(signal: AbortSignal): Promise<void> {
    return this.#kept.beginPrevious(signal);
  }

  async putBack(signal: AbortSignal): Promise<FlagChange> {
    await this.#kept.restorePrevious(signal);
    // Also if no file differs any more: an interrupted run may have come that far.
    await this.#restart(signal);
    return {};
  }

  endPutBack(signal: AbortSignal): Promise<void> {
    return this.#kept.forgetPrevious(signal);
  }

  forget(signal: AbortSignal): Promise<void> {
    return this.#kept.forget(signal);
  }

  /** Fixed paths: its datastore gives them what they hold. */
  readKeys(signal: AbortSignal): Promise<ServerKeyFiles> {
    const tls = `/var/lib/rancher/${this.distribution}/server/tls`;
    const flags = { issuers: [], keyFiles: [`${tls}/service.key`], signingKeyFile: `${tls}/service.key` };
    return readServerKeys(this.#machine, flags, signal);
  }

  /** One file holds all keys: its first private one signs, and each of them verifies. That one is copied on the machine. */
  async writeKeys(change: KeyChange, signal: AbortSignal): Promise<void> {
    const { verifiers, signerThere } = change;
    const before = await this.readKeys(signal);
    const path = before.verifiers[0]?.file ?? before.signer.file;
    const first = signerThere?.kid ?? before.signer.kid;
    const folder = path.slice(0, path.lastIndexOf("/"));
    const head = signerThere === undefined ? path : machineKeyFile(folder, first);
    const others = verifiers.filter((pem) => kidOf(pem) !== first).map((pem) => `${pem.trimEnd()}\n`);
    await this.#kept.write({ path, content: others.join(""), head }, change, signal);
    await this.#restart(signal);
  }

  /** All of its keys are in the one file, which its datastore keeps too. */
  async endKeys(_kid: string, signal: AbortSignal): Promise<readonly string[]> {
    await this.#kept.forget(signal);
    return [];
  }

  /** The config files from before the first change, whatever changed them since. */
  async #filesBefore(signal: AbortSignal): Promise<readonly ServerConfigFile[]> {
    const values = new Map((await this.#files(signal)).map(({ path, value }) => [path, value]));
    for (const path of await this.#kept.paths(signal)) {
      if (!isConfigFile(path)) continue;
      const value = await this.#machine.readYaml(this.#kept.before(path), signal);
      if (value === undefined) values.delete(path);
      else values.set(path, value);
    }
    return inReadingOrder(
      this.#main,
      [...values].map(([path, value]) => ({ path, value })),
    );
  }

  /** The config files in the order in which they are read. */
  async #files(signal: AbortSignal): Promise<readonly ServerConfigFile[]> {
    const script = `
${listConfigFiles}
config_files ${this.#main}.d
`;
    const found = fieldsOf(await this.#machine.run("looking for config files", script, signal), "path");
    const files: ServerConfigFile[] = [];
    for (const path of [this.#main, ...found]) {
      const value = await this.#machine.readYaml(path, signal);
      if (value !== undefined) files.push({ path, value });
    }
    return inReadingOrder(this.#main, files);
  }

  async #restart(signal: AbortSignal): Promise<void> {
    const service = services[this.distribution];
    await this.#machine.run(
      `restarting ${service}`,
      `systemctl restart --no-block ${shellWord(service)}`,
      signal,
    );
  }
}
