import { PodtrustError } from "../../core/base/index.ts";
import { yaml11Text } from "../../core/yaml/index.ts";
import { changeManifest, type FlagChange, parseFlags } from "../../rules/distribution/index.ts";
import { keysIn, kidOf } from "./key-files.ts";
import { KeptFiles } from "./kept-files.ts";
import { machineKeyFile } from "./machine-keys.ts";
import type { ServerMachine } from "./machine.ts";
import { flagsOfProcess } from "./running.ts";
import type { KeyChange, ServerFiles, ServerKeys } from "./server.ts";

export const kubeadmManifest = "/etc/kubernetes/manifests/kube-apiserver.yaml";
// Mounted into the API server's pod by kubeadm, and nothing of it is read that no flag names.
export const keyFolder = "/etc/kubernetes/pki";

/** The files of a control plane node that kubeadm made: the kubelet restarts what its manifest changes. */
export class KubeadmFiles implements ServerFiles {
  readonly distribution = "kubeadm";
  readonly #machine: ServerMachine;
  readonly #kept: KeptFiles;

  /** `purpose` tells what is kept for: what `adopt` puts back is not what `rotate` does. */
  constructor(machine: ServerMachine, purpose: string) {
    this.#machine = machine;
    // Outside of the manifests, of which a kubelet runs every one.
    this.#kept = new KeptFiles(machine, `/etc/kubernetes/podtrust/${purpose}`);
  }

  async change(change: FlagChange, signal: AbortSignal): Promise<void> {
    const manifest = await this.#machine.readYaml(kubeadmManifest, signal);
    const changed = changeManifest(manifest, change);
    if ("fault" in changed) {
      throw new PodtrustError(
        "server-file-invalid",
        `${this.#machine.text}: ${kubeadmManifest} ${changed.fault}`,
      );
    }
    const content = yaml11Text(changed.value);
    await this.#kept.write({ path: kubeadmManifest, content }, signal);
  }

  async restoreFiles(signal: AbortSignal): Promise<void> {
    await this.#kept.restore(signal);
    await this.#kept.forget(signal);
  }

  isChanged(signal: AbortSignal): Promise<boolean> {
    return this.#kept.isChanged(signal);
  }

  forget(signal: AbortSignal): Promise<void> {
    return this.#kept.forget(signal);
  }

  async readKeys(signal: AbortSignal): Promise<ServerKeys> {
    return readServerKeys(this.#machine, signal);
  }

  async writeKeys({ verifiers, signerThere }: KeyChange, signal: AbortSignal): Promise<void> {
    const { verifiers: before } = await this.readKeys(signal);
    const known = new Map(before.map(({ kid, file }) => [kid, file]));
    const keyFiles: string[] = [];
    for (const pem of verifiers) {
      const kid = kidOf(pem);
      const alone = before.filter(({ file }) => file === known.get(kid)).length === 1;
      const standing = alone ? known.get(kid) : undefined;
      const path = standing ?? `${keyFolder}/podtrust-sa-${kid}.pub`;
      if (standing === undefined) await this.#kept.write({ path, content: pem, mode: 0o644 }, signal);
      keyFiles.push(path);
    }
    if (signerThere === undefined) return this.change({ keyFiles }, signal);
    await this.change({ keyFiles, signingKeyFile: machineKeyFile(keyFolder, signerThere.kid) }, signal);
  }
}

/** The keys that the flags of the running process name. */
export async function readServerKeys(machine: ServerMachine, signal: AbortSignal): Promise<ServerKeys> {
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
