import {
  type ApiServerFlags,
  type ChangedStart,
  commandIn,
  disagreement,
  type FlagChange,
  inReadingOrder,
  isConfigFile,
  issuerFlagsOf,
  type KeptFacts,
  type MachineRuns,
  manifestFlags,
  podName,
  podPort,
  type WhatRuns,
  type ServerConfigFile,
  serverConfigFlags,
  type ServerStart,
  serverStart,
  startAfter,
  type StartRefusal,
  type UnitFlags,
  unitFlags,
  unitFlagWords,
  type UnitText,
} from "../../rules/distribution/index.ts";
import { defined, PodtrustError, shellWord } from "../../core/base/index.ts";
import { yaml11Text } from "../../core/yaml/index.ts";
import { KeptFiles, type PreviousFiles } from "./kept-files.ts";
import { firstKids, readServerKeys, staticManagerKids } from "./kubeadm.ts";
import { runningStaticPod } from "./running.ts";
import { k3sRuns } from "./k3s-runs.ts";
import type { ServerMachine } from "./machine.ts";
import { storeKeys } from "./rancher-keys.ts";
import { endStoredKeys, putStoredBack, storeRunning } from "./rancher-theft.ts";
import {
  type KeyStore,
  type RancherReading,
  readConfigFiles,
  readRancher,
  startOf,
} from "./rancher-start.ts";
import type { KeyChange, RestoredFiles, ServerCommand, ServerFiles, ServerKeyFiles } from "./server.ts";

// The socket of RKE2's container runtime.
const rke2Runtime = "/run/k3s/containerd/containerd.sock";

// Below the data folder: where RKE2 writes its manifests.
const staticPods = "agent/pod-manifests";

const services = { k3s: "k3s.service", rke2: "rke2-server.service" } as const;

/** The issuer's flags in config files: k3s and RKE2 add those that are missing. */
function given({ issuers, audiences, jwksUri }: ApiServerFlags): FlagChange {
  return defined({ issuers: issuers.length === 0 ? undefined : issuers, audiences, jwksUri });
}

/** The files of a server of k3s or RKE2, which read them when their service starts. */
export class RancherFiles implements ServerFiles {
  readonly distribution: "k3s" | "rke2";
  readonly #machine: ServerMachine;
  readonly #kept: KeptFiles;
  readonly #folder: string;
  readonly #node: string;

  /** `node`: the machine's name in the cluster, by which RKE2's API server is found. */
  constructor(machine: ServerMachine, distribution: "k3s" | "rke2", purpose: "adopt" | "rotate", node = "") {
    this.distribution = distribution;
    this.#machine = machine;
    this.#node = node;
    this.#folder = `/etc/rancher/${distribution}`;
    this.#kept = new KeptFiles(machine, `${this.#folder}/podtrust`, purpose);
  }

  async port(signal: AbortSignal): Promise<number> {
    return (await this.#start(signal))?.port ?? 6443;
  }

  async keyFolder(signal: AbortSignal): Promise<string> {
    return `${await this.#dataDir(signal)}/server/tls`;
  }

  async command(signal: AbortSignal): Promise<ServerCommand> {
    const { start, unit } = await this.#next(signal);
    return { words: start.words, unit };
  }

  async whatRuns(signal: AbortSignal): Promise<MachineRuns> {
    const { reading, start, unit } = await this.#next(signal);
    const runs = await (this.distribution === "k3s"
      ? k3sRuns(this.#machine, { reading, start }, signal)
      : this.#podRuns(start, signal));
    return { ...runs, unit };
  }

  /** RKE2 runs its own as a static pod; k3s gives its own the key that signs, unless a person names another. */
  async controllerManagerKids(signal: AbortSignal): Promise<readonly string[]> {
    const folder = await this.#dataDir(signal);
    if (this.distribution === "rke2")
      return staticManagerKids(this.#machine, `${folder}/${staticPods}`, signal);
    const { managerKeyFile = `${folder}/server/tls/service.current.key` } = (await this.#start(signal)) ?? {};
    return firstKids(this.#machine, managerKeyFile, signal);
  }

  /** Judged before anything is written. Where its unit names the issuer, its flags go into our file: k3s appends them to every file. */
  async change(change: FlagChange, signal: AbortSignal): Promise<void> {
    const { files, unitFile } = startOf(await this.startAfter(change, signal), this.#machine);
    for (const { path, value } of files)
      await this.#kept.write({ path, content: yaml11Text(value) }, change, signal);
    // Behind the files: without them another issuer would be signed with.
    if (unitFile !== undefined) await this.#writeUnit(unitFile, change, signal);
    await this.#restart(signal);
  }

  async startAfter(change: FlagChange, signal: AbortSignal): Promise<ChangedStart | StartRefusal> {
    const { unit, main, files } = await readRancher(this.#machine, this.distribution, signal);
    return startAfter(this.distribution, unit, files, { own: `${main}.d/50-issuer.yaml`, change });
  }

  /** Its config files name no key: those that came since are in files of their own. */
  async kept(signal: AbortSignal): Promise<KeptFacts | undefined> {
    const state = await this.#kept.state(signal);
    if (state === "nothing") return undefined;
    const { jwksUri = "" } = serverConfigFlags(this.distribution, await this.#filesBefore(signal));
    return { isEdited: state === "edited", keysSince: [], keysGone: [], jwksUri };
  }

  async restoreFiles(signal: AbortSignal): Promise<RestoredFiles> {
    const kept = await this.kept(signal);
    if (kept?.isEdited === true) {
      const files = await this.#filesBefore(signal);
      const before = serverConfigFlags(this.distribution, files, await this.#unitBefore(signal));
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
    await this.#mendUnit(signal);
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

  /** k3s itself tells embedded etcd by this folder. Source: pkg/etcd/etcd.go, IsInitialized. */
  async datastore(signal: AbortSignal): Promise<"embedded-etcd" | "other" | undefined> {
    const { unit, files } = await readRancher(this.#machine, this.distribution, signal);
    const start = serverStart(this.distribution, unit, files);
    if ("refusal" in start) return undefined;
    const folder = shellWord(`${start.dataDir}/server/db/etcd`);
    const said = await this.#machine.run(
      "looking at its datastore",
      `if [ -d ${folder} ]; then echo etcd; fi`,
      signal,
    );
    return said === "" ? "other" : "embedded-etcd";
  }

  /** Fixed paths: its datastore gives them what they hold. */
  async readKeys(signal: AbortSignal): Promise<ServerKeyFiles> {
    const key = `${await this.keyFolder(signal)}/service.key`;
    const flags = { issuers: [], keyFiles: [key], signingKeyFile: key };
    return readServerKeys(this.#machine, flags, signal);
  }

  /**
   * One list in the datastore is every server's, and its first private key signs. It is given by the distribution's own command; a file
   * that is changed in place would keep the server from starting. Where the datastore has it already a restart takes it.
   */
  async writeKeys(change: KeyChange, signal: AbortSignal): Promise<void> {
    if (change.isStored === true) return this.#restart(signal);
    // A start that would be refused is said before anything of its keys.
    const store = await this.#store(signal);
    const { signer } = await this.readKeys(signal);
    await storeKeys(this.#machine, store, { change, signs: signer.kid }, signal);
  }

  async putKeysBack(signal: AbortSignal): Promise<void> {
    await putStoredBack(this.#machine, await this.#store(signal), signal);
  }

  async storeOwnKeys(signal: AbortSignal): Promise<boolean> {
    await storeRunning(this.#machine, await this.#store(signal), signal);
    return true;
  }

  /** Its kubelet is part of the service that was restarted. */
  restartKubelet(): Promise<boolean> {
    return Promise.resolve(false);
  }

  async endKeys(kid: string, signal: AbortSignal): Promise<readonly string[]> {
    const place = { root: this.#root, dataDir: await this.#dataDir(signal), kid };
    const said = await endStoredKeys(this.#machine, place, signal);
    await this.#kept.forget(signal);
    return said;
  }

  get #root(): string {
    return `${this.#folder}/podtrust`;
  }

  async #store(signal: AbortSignal): Promise<KeyStore> {
    const { unit, service, files } = await readRancher(this.#machine, this.distribution, signal);
    const start = startOf(serverStart(this.distribution, unit, files), this.#machine);
    const { dataDir, supervisor } = startOf(start.twice ?? start.otherKeys ?? start, this.#machine);
    const [program = this.distribution] = unit.command;
    return { program, dataDir, supervisor, service, root: this.#root };
  }

  /** The config files from before the first change, whatever changed them since. */
  async #filesBefore(signal: AbortSignal): Promise<readonly ServerConfigFile[]> {
    const { main } = await this.#place(signal);
    const files = await readConfigFiles(this.#machine, main, signal);
    const values = new Map(files.map(({ path, value }) => [path, value]));
    for (const path of await this.#kept.paths(signal)) {
      if (!isConfigFile(path)) continue;
      const value = await this.#machine.readYaml(this.#kept.before(path), signal);
      if (value === undefined) values.delete(path);
      else values.set(path, value);
    }
    return inReadingOrder(
      main,
      [...values].map(([path, value]) => ({ path, value })),
    );
  }

  /** The issuer's flags that its unit gave before the first change. */
  async #unitBefore(signal: AbortSignal): Promise<readonly string[]> {
    const { unit } = await readRancher(this.#machine, this.distribution, signal);
    const kept = await this.#kept.paths(signal);
    for (const { path } of unit.texts) {
      if (!kept.includes(path)) continue;
      const text = (await this.#machine.read(this.#kept.before(path), signal)) ?? "";
      return unitFlagWords({ command: commandIn(text) ?? [], texts: [] }).flags;
    }
    return unitFlagWords(unit).flags;
  }

  /**
   * Takes the issuer's flags out of its unit where the line that installed it has put them back and its API server ends on an issuer that
   * comes twice: its files alone say them then.
   */
  async #mendUnit(signal: AbortSignal): Promise<void> {
    const reading = await this.#reading(signal);
    if (reading === undefined) return;
    const start = serverStart(this.distribution, reading.unit, reading.files);
    const { file } = unitFlagWords(reading.unit);
    if ("refusal" in start || start.twice === undefined || file === undefined) return;
    await this.#writeUnit(file, "the unit", signal);
  }

  #writeUnit({ path, text }: UnitText, change: unknown, signal: AbortSignal): Promise<void> {
    return this.#kept.write({ path, content: text }, change, signal);
  }

  /** Where its config is, and what systemd calls it: as usual where the unit cannot be read, for the ways back. */
  async #place(signal: AbortSignal): Promise<Pick<RancherReading, "main" | "service">> {
    const usual = { main: `${this.#folder}/config.yaml`, service: services[this.distribution] };
    return (await this.#reading(signal)) ?? usual;
  }

  /** What it will start with; undefined where that cannot be read, for the ways back. */
  async #start(signal: AbortSignal): Promise<ServerStart | undefined> {
    const reading = await this.#reading(signal);
    if (reading === undefined) return undefined;
    const start = serverStart(this.distribution, reading.unit, reading.files);
    return "refusal" in start ? undefined : start;
  }

  /** Its next start, and what of the issuer its unit says in that. Throws `server-*`, `host-*`, `ssh-*`. */
  async #next(
    signal: AbortSignal,
  ): Promise<{ readonly reading: RancherReading; readonly start: ServerStart; readonly unit: UnitFlags }> {
    const reading = await readRancher(this.#machine, this.distribution, signal);
    const { unit, service: name, files } = reading;
    const start = startOf(serverStart(this.distribution, unit, files), this.#machine);
    const said = { files, ...defined({ twice: start.twice }) };
    return { reading, start, unit: unitFlags(this.distribution, { ...unit, name }, said) };
  }

  /** All that it reads; undefined where that cannot be read, for the ways back. */
  async #reading(signal: AbortSignal): Promise<RancherReading | undefined> {
    try {
      return await readRancher(this.#machine, this.distribution, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof PodtrustError) return undefined;
      throw error;
    }
  }

  async #dataDir(signal: AbortSignal): Promise<string> {
    return (await this.#start(signal))?.dataDir ?? `/var/lib/rancher/${this.distribution}`;
  }

  /** What RKE2's static pod runs with; where that was not looked at, the manifest says what RKE2 gave it at its own last start. */
  async #podRuns({ flags: starts, dataDir }: ServerStart, signal: AbortSignal): Promise<WhatRuns> {
    const path = `${dataDir}/${staticPods}/kube-apiserver.yaml`;
    const manifest = await this.#machine.readYaml(path, signal);
    const read = manifestFlags(manifest ?? {});
    if ("fault" in read)
      throw new PodtrustError("server-file-invalid", `${this.#machine.text}: ${path} ${read.fault}`);
    const pod = `${podName(manifest)}-${this.#node}`;
    const server = { runtime: rke2Runtime, pod, port: podPort(manifest), manifest: path };
    const runs = await runningStaticPod(this.#machine, server, signal);
    const byManifest: WhatRuns = { starts, runs: { kind: "seen", flags: read.value } };
    return runs.kind === "seen" || disagreement(byManifest) === undefined ? { starts, runs } : byManifest;
  }

  async #restart(signal: AbortSignal): Promise<void> {
    const { service } = await this.#place(signal);
    await this.#machine.run(
      `restarting ${service}`,
      `systemctl restart --no-block ${shellWord(service)}`,
      signal,
    );
  }
}
