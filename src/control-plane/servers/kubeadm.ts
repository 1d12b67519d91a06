import { defined, mapped, PodtrustError } from "../../core/base/index.ts";
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
  manifestFlags,
  parseFlags,
} from "../../rules/distribution/index.ts";
import { keysIfAny, keysIn, kidOf } from "./key-files.ts";
import { KeptFiles, type PreviousFiles } from "./kept-files.ts";
import { machineKeyFile } from "./machine-keys.ts";
import type { ServerMachine } from "./machine.ts";
import { flagsOfProcess } from "./running.ts";
import type { KeyChange, RestoredFiles, ServerFiles, ServerKeyFiles } from "./server.ts";

export const kubeadmManifest = "/etc/kubernetes/manifests/kube-apiserver.yaml";
// Mounted into the API server's pod by kubeadm, and nothing of it is read that no flag names.
export const keyFolder = "/etc/kubernetes/pki";
// Outside of the manifests, of which a kubelet runs every one.
export const keptFolder = "/etc/kubernetes/podtrust";

/** The files of a control plane node that kubeadm made: the kubelet restarts what its manifest changes. */
export class KubeadmFiles implements ServerFiles {
  readonly distribution = "kubeadm";
  readonly #machine: ServerMachine;
  readonly #kept: KeptFiles;

  /** `purpose` separates what is kept: what `adopt` restores is not what `rotate` does. */
  constructor(machine: ServerMachine, purpose: "adopt" | "rotate") {
    this.#machine = machine;
    this.#kept = new KeptFiles(machine, keptFolder, purpose);
  }

  /** A kubelet starts what the manifest says and nothing beside. */
  async commandLine(): Promise<undefined> {}

  change(change: FlagChange, signal: AbortSignal): Promise<void> {
    return this.#change(change, change, signal);
  }

  async kept(signal: AbortSignal): Promise<KeptFacts | undefined> {
    const state = await this.#kept.state(signal);
    if (state === "nothing") return undefined;
    const same = { isEdited: state === "edited", keysSince: [], keysGone: [] };
    // In a manifest that another program has written only the issuer's flags are restored.
    if (same.isEdited) return same;
    const before = await this.#flagsIn(this.#kept.before(kubeadmManifest), signal);
    const now = await this.#flagsIn(kubeadmManifest, signal);
    if (before === undefined || now === undefined) return same;
    const keys = await this.#keysOf(now, signal);
    if (keys === undefined) return same;
    const first = await this.#keysOf(before, signal);
    return { isEdited: false, ...keysBetween(first ?? { verify: [], signing: "" }, keys) };
  }

  async restoreFiles(signal: AbortSignal): Promise<RestoredFiles> {
    const kept = await this.kept(signal);
    const flags = await this.#flagsIn(this.#kept.before(kubeadmManifest), signal);
    if (kept === undefined || flags === undefined) return { flags: {} };
    const { isEdited, keysSince, keysGone } = kept;
    if (isEdited || keysSince.length + keysGone.length > 0) {
      await this.change(issuerFlagsOf(flags), signal);
      // The former content is of no use after another change.
      if (isEdited) await this.forget(signal);
      return { flags: issuerFlagsOf(flags), kept };
    }
    await this.#kept.restore(signal);
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
    const flags = await this.#flagsIn(kubeadmManifest, signal);
    return flags === undefined ? {} : allOf(flags);
  }

  endPutBack(signal: AbortSignal): Promise<void> {
    return this.#kept.forgetPrevious(signal);
  }

  forget(signal: AbortSignal): Promise<void> {
    return this.#kept.forget(signal);
  }

  async readKeys(signal: AbortSignal): Promise<ServerKeyFiles> {
    return readServerKeys(this.#machine, signal);
  }

  async writeKeys(whole: KeyChange, signal: AbortSignal): Promise<void> {
    const { verifiers, signerThere } = whole;
    const { verifiers: before } = await this.readKeys(signal);
    const known = new Map(before.map(({ kid, file }) => [kid, file]));
    const keyFiles: string[] = [];
    for (const pem of verifiers) {
      const kid = kidOf(pem);
      const alone = before.filter(({ file }) => file === known.get(kid)).length === 1;
      const standing = alone ? known.get(kid) : undefined;
      const path = standing ?? `${keyFolder}/podtrust-sa-${kid}.pub`;
      if (standing === undefined) await this.#kept.write({ path, content: pem, mode: 0o644 }, whole, signal);
      keyFiles.push(path);
    }
    const signer = defined({
      signingKeyFile: mapped(signerThere, (key) => machineKeyFile(keyFolder, key.kid)),
    });
    await this.#change({ keyFiles, ...signer }, whole, signal);
  }

  /** `whole`: the change that the manifest is a part of. */
  async #change(change: FlagChange, whole: object, signal: AbortSignal): Promise<void> {
    const manifest = await this.#machine.readYaml(kubeadmManifest, signal);
    const content = yaml11Text(this.#valueOf(kubeadmManifest, changeManifest(manifest, change)));
    await this.#kept.write({ path: kubeadmManifest, content }, whole, signal);
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
    const keys = await keysIfAny(this.#machine, [...keyFiles, signingKeyFile], signal);
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

/** The keys that the flags of the running process name. */
export async function readServerKeys(machine: ServerMachine, signal: AbortSignal): Promise<ServerKeyFiles> {
  const { keyFiles, signingKeyFile } = parseFlags(await flagsOfProcess(machine, signal));
  const files = [...keyFiles, ...(signingKeyFile === undefined ? [] : [signingKeyFile])];
  const keys = await keysIn(machine, files, signal);
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
