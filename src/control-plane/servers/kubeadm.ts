import { defined, type JsonRecord, mapped, PodtrustError } from "../../core/base/index.ts";
import { yaml11Text } from "../../core/yaml/index.ts";
import {
  type ApiServerFlags,
  type ChangedValue,
  changeManifest,
  type FileKeys,
  type FlagChange,
  issuerFlagsOf,
  type KeptFacts,
  keysBetween,
  type KubeletSettings,
  kubeletSettings,
  manifestFlags,
  manifestUser,
  podMounts,
  podName,
  podPort,
  podWords,
  secretTokenKeyFile,
  type ServerUser,
  type WhatRuns,
} from "../../rules/distribution/index.ts";
import { endKubeadmKeys } from "./end-keys.ts";
import { keysIfAny, keysIn, kidOf, letRead } from "./key-files.ts";
import { KeptFiles, type PreviousFiles } from "./kept-files.ts";
import { machineKeyFile } from "./machine-keys.ts";
import type { ServerMachine } from "./machine.ts";
import { runningStaticPod } from "./running.ts";
import type { KeyChange, RestoredFiles, ServerCommand, ServerFiles, ServerKeyFiles } from "./server.ts";

// Mounted into the API server's pod by kubeadm, and nothing of it is read that no flag names.
export const keyFolder = "/etc/kubernetes/pki";
// Outside of the manifests, of which a kubelet runs every one.
export const keptFolder = "/etc/kubernetes/podtrust";

/** The files of a control plane node that kubeadm made: the kubelet restarts what its manifest changes. */
export class KubeadmFiles implements ServerFiles {
  readonly distribution = "kubeadm";
  readonly #machine: ServerMachine;
  readonly #kubelet: KubeletSettings;
  readonly #manifest: string;
  readonly #kept: KeptFiles;

  /** `purpose` separates what is kept: what `adopt` restores is not what `rotate` does. `kubelet`: kubeadm's settings by default. */
  constructor(
    machine: ServerMachine,
    purpose: "adopt" | "rotate",
    kubelet: KubeletSettings = kubeletSettings([], []),
  ) {
    this.#machine = machine;
    this.#kubelet = kubelet;
    this.#manifest = apiServerManifest(kubelet);
    this.#kept = new KeptFiles(machine, keptFolder, purpose);
  }

  async port(signal: AbortSignal): Promise<number> {
    return podPort(await this.#machine.readYaml(this.#manifest, signal));
  }

  /** As kubeadm mounts it into its pod. */
  keyFolder(): Promise<string> {
    return Promise.resolve(keyFolder);
  }

  async command(signal: AbortSignal): Promise<ServerCommand> {
    const manifest = await this.#there(signal);
    return { words: podWords(manifest, "kube-apiserver"), mounts: podMounts(manifest, "kube-apiserver") };
  }

  async whatRuns(signal: AbortSignal): Promise<WhatRuns> {
    const { runtime, node } = this.#kubelet;
    const manifest = await this.#there(signal);
    const pod = `${podName(manifest)}-${node ?? ""}`;
    const server = { runtime, pod, port: podPort(manifest), manifest: this.#manifest };
    return {
      starts: this.#valueOf(this.#manifest, manifestFlags(manifest)),
      runs: await runningStaticPod(this.#machine, server, signal),
    };
  }

  async controllerManagerKids(signal: AbortSignal): Promise<readonly string[]> {
    return staticManagerKids(this.#machine, this.#kubelet.staticPods, signal);
  }

  /** A kubelet starts what the manifest says and nothing beside. */
  async startAfter(): Promise<undefined> {}

  change(change: FlagChange, signal: AbortSignal): Promise<void> {
    return this.#change(change, change, signal);
  }

  async kept(signal: AbortSignal): Promise<KeptFacts | undefined> {
    const state = await this.#kept.state(signal);
    if (state === "nothing") return undefined;
    const before = await this.#flagsIn(this.#kept.before(this.#manifest), signal);
    const jwksUri = mapped(before, (flags) => flags.jwksUri ?? "");
    const same = { isEdited: state === "edited", keysSince: [], keysGone: [], ...defined({ jwksUri }) };
    // In a manifest that another program has written only the issuer's flags are restored.
    if (same.isEdited) return same;
    const now = await this.#flagsIn(this.#manifest, signal);
    if (before === undefined || now === undefined) return same;
    const keys = await this.#keysOf(now, signal);
    if (keys === undefined) return same;
    const first = await this.#keysOf(before, signal);
    return { ...same, ...keysBetween(first ?? { verify: [], signing: "" }, keys) };
  }

  async restoreFiles(signal: AbortSignal): Promise<RestoredFiles> {
    // Read before it is judged: what another run writes from here on is in neither.
    const text = await this.#machine.read(this.#manifest, signal);
    const kept = await this.kept(signal);
    const flags = await this.#flagsIn(this.#kept.before(this.#manifest), signal);
    if (kept === undefined || flags === undefined) return { flags: {} };
    const { isEdited, keysSince, keysGone } = kept;
    if (isEdited || keysSince.length + keysGone.length > 0) {
      await this.change(issuerFlagsOf(flags), signal);
      // The former content is of no use after another change.
      if (isEdited) await this.forget(signal);
      return { flags: issuerFlagsOf(flags), kept };
    }
    const judged = mapped(text, (one) => ({ path: this.#manifest, text: one }));
    await this.#kept.restore(signal, judged);
    await this.forget(signal);
    return { flags: allOf(flags) };
  }

  previous(signal: AbortSignal): Promise<PreviousFiles | undefined> {
    return this.#kept.previous(signal);
  }

  beginPutBack(signal: AbortSignal): Promise<void> {
    return this.#kept.beginPrevious(signal);
  }

  async putBack(signal: AbortSignal): Promise<FlagChange> {
    await this.#kept.restorePrevious(signal);
    const flags = await this.#flagsIn(this.#manifest, signal);
    return flags === undefined ? {} : allOf(flags);
  }

  endPutBack(signal: AbortSignal): Promise<void> {
    return this.#kept.forgetPrevious(signal);
  }

  async putKeysBack(signal: AbortSignal): Promise<void> {
    await this.beginPutBack(signal);
    await this.putBack(signal);
    await this.endPutBack(signal);
  }

  /** A kubelet keeps tokens in memory alone. Source: kubernetes/kubernetes, pkg/kubelet/token. */
  async restartKubelet(signal: AbortSignal): Promise<boolean> {
    await this.#machine.run("restarting its kubelet", "systemctl restart --no-block kubelet\n", signal);
    return true;
  }

  /** Its keys are files of its own. */
  storeOwnKeys(): Promise<boolean> {
    return Promise.resolve(false);
  }

  forget(signal: AbortSignal): Promise<void> {
    return this.#kept.forget(signal);
  }

  async datastore(): Promise<undefined> {}

  /** Those that the manifest names. */
  async readKeys(signal: AbortSignal): Promise<ServerKeyFiles> {
    const manifest = await this.#there(signal);
    const user = this.#valueOf(this.#manifest, manifestUser(manifest));
    const flags = this.#valueOf(this.#manifest, manifestFlags(manifest));
    return readServerKeys(this.#machine, flags, signal, user?.uid);
  }

  async writeKeys(whole: KeyChange, signal: AbortSignal): Promise<void> {
    const { verifiers, signerThere } = whole;
    const user = await this.#user(signal);
    const { verifiers: before } = await this.readKeys(signal);
    const known = new Map(before.map(({ kid, file }) => [kid, file]));
    const keyFiles: string[] = [];
    for (const pem of verifiers) {
      const kid = kidOf(pem);
      const alone = before.filter(({ file }) => file === known.get(kid)).length === 1;
      const standing = alone ? known.get(kid) : undefined;
      const path = standing ?? `${keyFolder}/podtrust-sa-${kid}.pub`;
      const file = { path, content: pem, ...defined({ group: user?.group }) };
      if (standing === undefined) await this.#kept.write(file, whole, signal);
      keyFiles.push(path);
    }
    const key = mapped(signerThere, ({ kid }) => machineKeyFile(keyFolder, kid));
    // The kubelet starts it with whatever the manifest says.
    if (user !== undefined)
      await letRead(this.#machine, user, { files: keyFiles, ...defined({ key }) }, signal);
    await this.#change({ keyFiles, ...defined({ signingKeyFile: key }) }, whole, signal);
  }

  /** As whom its API server runs; undefined for root. */
  async #user(signal: AbortSignal): Promise<ServerUser | undefined> {
    const manifest = await this.#machine.readYaml(this.#manifest, signal);
    return this.#valueOf(this.#manifest, manifestUser(manifest));
  }

  async endKeys(kid: string, signal: AbortSignal): Promise<readonly string[]> {
    const owner = (await this.#user(signal))?.uid ?? 0;
    return endKubeadmKeys(this.#machine, this.#kept, { kid, owner }, signal);
  }

  /** `whole`: the change that the manifest is a part of. */
  async #change(change: FlagChange, whole: object, signal: AbortSignal): Promise<void> {
    const { text: over, value } = (await this.#machine.readYamlText(this.#manifest, signal)) ?? {};
    const content = yaml11Text(this.#valueOf(this.#manifest, changeManifest(value, change)));
    await this.#kept.write({ path: this.#manifest, content, ...defined({ over }) }, whole, signal);
  }

  /** Throws `server-manifest` where there is none. */
  async #there(signal: AbortSignal): Promise<JsonRecord> {
    const manifest = await this.#machine.readYaml(this.#manifest, signal);
    if (manifest !== undefined) return manifest;
    throw new PodtrustError(
      "server-manifest",
      `${this.#machine.text}: its manifest ${this.#manifest} is away`,
      {
        detail: { machine: this.#machine.text, file: this.#manifest },
      },
    );
  }

  #valueOf<T>(path: string, changed: ChangedValue<T>): T {
    if ("value" in changed) return changed.value;
    throw new PodtrustError("server-file-invalid", `${this.#machine.text}: ${path} ${changed.fault}`);
  }

  /** The flags of a manifest; undefined where there is none. */
  async #flagsIn(path: string, signal: AbortSignal): Promise<ApiServerFlags | undefined> {
    const manifest = await this.#machine.readYaml(path, signal);
    return manifest === undefined ? undefined : this.#valueOf(path, manifestFlags(manifest));
  }

  /** The keys of flags by their files as they are; undefined where one of these cannot be read. */
  async #keysOf(
    { keyFiles, signingKeyFile }: ApiServerFlags,
    signal: AbortSignal,
  ): Promise<FileKeys | undefined> {
    if (signingKeyFile === undefined) return undefined;
    const user = await this.#user(signal);
    const keys = await keysIfAny(this.#machine, [...keyFiles, signingKeyFile], signal, user?.uid);
    if (keys === undefined) return undefined;
    const kids = keys.map((each) => each.map(({ kid }) => kid));
    return { verify: kids.slice(0, keyFiles.length).flat(), signing: kids.at(-1)?.[0] ?? "" };
  }
}

/** Every flag that a change can give, as it is. */
function allOf(flags: ApiServerFlags): FlagChange {
  const { keyFiles, signingKeyFile = "" } = flags;
  return { ...issuerFlagsOf(flags), keyFiles, signingKeyFile };
}

/** Where a kubelet has the manifest of its API server. */
export function apiServerManifest({ staticPods }: Pick<KubeletSettings, "staticPods">): string {
  return `${staticPods}/kube-apiserver.yaml`;
}

/** Key IDs with which the controller manager of a static pod signs tokens in Secrets, by its manifest and the file as it is. */
export async function staticManagerKids(
  machine: ServerMachine,
  staticPods: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const manifest = await machine.readYaml(`${staticPods}/kube-controller-manager.yaml`, signal);
  const file = secretTokenKeyFile(podWords(manifest, "kube-controller-manager"));
  return file === undefined ? [] : firstKids(machine, file, signal);
}

/** The key ID of a file's first key; none where it cannot be read. */
export async function firstKids(
  machine: ServerMachine,
  file: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const [keys = []] = (await keysIfAny(machine, [file], signal)) ?? [];
  return keys.slice(0, 1).map(({ kid }) => kid);
}

/** The keys that flags name, in files of root's or of the user `owner`. */
export async function readServerKeys(
  machine: ServerMachine,
  { keyFiles, signingKeyFile }: ApiServerFlags,
  signal: AbortSignal,
  owner = 0,
): Promise<ServerKeyFiles> {
  const files = [...keyFiles, ...(signingKeyFile === undefined ? [] : [signingKeyFile])];
  const keys = await keysIn(machine, files, signal, owner);
  const verifiers = keys.slice(0, keyFiles.length).flat();
  const signer = keys[keyFiles.length]?.[0];
  if (signer === undefined) {
    throw new PodtrustError(
      "server-file-invalid",
      `${machine.text}: its API server signs with no key file (an external signer does)`,
    );
  }
  return { verifiers, signer };
}
