import {
  type ApiServerFlags,
  changeServerConfig,
  type FlagChange,
  issuerFlagsOf,
  type KeptFacts,
  type ServerConfigFile,
  serverConfigFlags,
  unitFlags,
} from "../../rules/distribution/index.ts";
import { defined, shellWord } from "../../core/base/index.ts";
import { yaml11Text } from "../../core/yaml/index.ts";
import { kidOf } from "./key-files.ts";
import { KeptFiles, type PreviousFiles } from "./kept-files.ts";
import { readServerKeys } from "./kubeadm.ts";
import { machineKeyFile } from "./machine-keys.ts";
import { fieldsOf, type ServerMachine } from "./machine.ts";
import { serverUnit } from "./server-unit.ts";
import type { KeyChange, RestoredFiles, ServerFiles, ServerKeyFiles } from "./server.ts";

const services = { k3s: "k3s", rke2: "rke2-server" } as const;

/** Paths of config files in the order in which they are read: config.yaml, and then those of config.yaml.d/ by name. */
function inOrder(paths: readonly string[]): readonly string[] {
  const isMain = (path: string): boolean => path.endsWith("/config.yaml");
  return [...paths.filter(isMain), ...paths.filter((path) => !isMain(path)).sort()];
}

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

  constructor(machine: ServerMachine, distribution: "k3s" | "rke2", purpose: "adopt" | "rotate") {
    this.distribution = distribution;
    this.#machine = machine;
    this.#folder = `/etc/rancher/${distribution}`;
    this.#kept = new KeptFiles(machine, `${this.#folder}/podtrust`, purpose);
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
      const before = serverConfigFlags(await this.#filesBefore(signal));
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

  readKeys(signal: AbortSignal): Promise<ServerKeyFiles> {
    return readServerKeys(this.#machine, signal);
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

  /** The config files from before the first change, whatever changed them since. */
  async #filesBefore(signal: AbortSignal): Promise<readonly ServerConfigFile[]> {
    const values = new Map((await this.#files(signal)).map(({ path, value }) => [path, value]));
    for (const path of await this.#kept.paths(signal)) {
      if (!/\.ya?ml$/u.test(path)) continue;
      const value = await this.#machine.readYaml(this.#kept.before(path), signal);
      if (value === undefined) values.delete(path);
      else values.set(path, value);
    }
    return inOrder([...values.keys()]).map((path) => ({ path, value: values.get(path) ?? {} }));
  }

  /** The config files in the order in which they are read. */
  async #files(signal: AbortSignal): Promise<readonly ServerConfigFile[]> {
    const script = `
for file in ${this.#folder}/config.yaml ${this.#folder}/config.yaml.d/*.yaml ${this.#folder}/config.yaml.d/*.yml; do
  if [ -f "$file" ]; then printf 'path %s\\n' "$(printf %s "$file" | base64 -w0)"; fi
done
`;
    const found = fieldsOf(await this.#machine.run("looking for config files", script, signal), "path");
    const files: ServerConfigFile[] = [];
    for (const path of inOrder(found)) {
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
