import type { FlagChange } from "../../rules/distribution/index.ts";
import { changeServerConfig, type ServerConfigFile } from "../../rules/distribution/index.ts";
import { shellWord } from "../../core/base/index.ts";
import { yaml11Text } from "../../core/yaml/index.ts";
import { kidOf } from "./key-files.ts";
import { KeptFiles, type NewFile } from "./kept-files.ts";
import { readServerKeys } from "./kubeadm.ts";
import { type MachineKey, machineKeyFile } from "./machine-keys.ts";
import { fieldsOf, type ServerMachine } from "./machine.ts";
import type { KeyChange, ServerFiles, ServerKeys } from "./server.ts";

const services = { k3s: "k3s", rke2: "rke2-server" } as const;

/** The files of a server of k3s or RKE2, which read them when their service starts. */
export class RancherFiles implements ServerFiles {
  readonly distribution: "k3s" | "rke2";
  readonly #machine: ServerMachine;
  readonly #kept: KeptFiles;
  readonly #folder: string;

  constructor(machine: ServerMachine, distribution: "k3s" | "rke2", purpose: string) {
    this.distribution = distribution;
    this.#machine = machine;
    this.#folder = `/etc/rancher/${distribution}`;
    this.#kept = new KeptFiles(machine, `${this.#folder}/podtrust/${purpose}`);
  }

  async change(change: FlagChange, signal: AbortSignal): Promise<void> {
    const own = `${this.#folder}/config.yaml.d/50-issuer.yaml`;
    for (const { path, value } of changeServerConfig(await this.#files(signal), own, change))
      await this.#kept.write({ path, content: yaml11Text(value) }, signal);
    await this.#restart(signal);
  }

  async restoreFiles(signal: AbortSignal): Promise<void> {
    await this.#kept.restore(signal);
    await this.#restart(signal);
    await this.#kept.forget(signal);
  }

  isChanged(signal: AbortSignal): Promise<boolean> {
    return this.#kept.isChanged(signal);
  }

  forget(signal: AbortSignal): Promise<void> {
    return this.#kept.forget(signal);
  }

  readKeys(signal: AbortSignal): Promise<ServerKeys> {
    return readServerKeys(this.#machine, signal);
  }

  /** One file holds all keys: its first private one signs, and each of them verifies. */
  async writeKeys({ verifiers, signer, signerThere }: KeyChange, signal: AbortSignal): Promise<void> {
    const before = await this.readKeys(signal);
    const path = before.verifiers[0]?.file ?? before.signer.file;
    const first = signerThere?.kid ?? (signer === undefined ? before.signer.kid : kidOf(signer));
    const others = verifiers.filter((pem) => kidOf(pem) !== first).map((pem) => `${pem.trimEnd()}\n`);
    const content = [...(signer === undefined ? [] : [`${signer.trimEnd()}\n`]), ...others].join("");
    await this.#kept.write({ path, content, ...headOf(signer, signerThere, path) }, signal);
    await this.#restart(signal);
  }

  /** The config files in the order in which they are read. */
  async #files(signal: AbortSignal): Promise<readonly ServerConfigFile[]> {
    const script = `
for file in ${this.#folder}/config.yaml ${this.#folder}/config.yaml.d/*.yaml ${this.#folder}/config.yaml.d/*.yml; do
  if [ -f "$file" ]; then printf 'path %s\\n' "$(printf %s "$file" | base64 -w0)"; fi
done
`;
    const found = fieldsOf(await this.#machine.run("looking for config files", script, signal), "path");
    const [main, drops] = [
      found.filter((path) => path.endsWith("/config.yaml")),
      found.filter((path) => !path.endsWith("/config.yaml")).sort(),
    ];
    const files: ServerConfigFile[] = [];
    for (const path of [...main, ...drops]) {
      const value = await this.#machine.readYaml(path, signal);
      if (value !== undefined) files.push({ path, value });
    }
    return files;
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

/** A private key that stays on the machine: of the file that is there, or of a file of its own. */
function headOf(
  signer: string | undefined,
  there: MachineKey | undefined,
  path: string,
): Pick<NewFile, "head"> {
  if (there !== undefined) return { head: machineKeyFile(path.slice(0, path.lastIndexOf("/")), there.kid) };
  return signer === undefined ? { head: path } : {};
}
