import { readYaml } from "../../core/yaml/index.ts";
import { shellWord } from "../../core/base/index.ts";
import { kubeletConfigs, type KubeletSettings, kubeletSettings } from "../../rules/distribution/index.ts";
import { fieldsOf, type ServerMachine } from "./machine.ts";
import { busPath, destination } from "./server-unit.ts";

const bounds = { bytes: 1024 * 1024, depth: 40, tokens: 200_000 };

// The process that systemd started for the unit: a kubelet leaves its command line as it is.
const commandScript = `
pid=$(busctl --json=short get-property ${destination} ${busPath("kubelet.service")} ${destination}.Service MainPID 2>/dev/null |
  sed -n 's/.*"data":\\([0-9]\\{1,10\\}\\).*/\\1/p') || true
if [ "\${pid:-0}" -gt 0 ] && [ -r "/proc/$pid/cmdline" ]; then
  printf 'words %s\\n' "$(base64 -w0 <"/proc/$pid/cmdline")"
fi
`;

/** Files of drop-ins: their endings are .conf, and they are read by name. Source: pkg/kubelet/kubeletconfig of Kubernetes. */
async function dropIns(
  machine: ServerMachine,
  folder: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const script = `cd ${shellWord(folder)} 2>/dev/null || exit 0
find . -name '*.conf' -type f | while IFS= read -r file; do printf 'path %s\\n' "$(printf %s "$file" | base64 -w0)"; done
`;
  const found = fieldsOf(await machine.run(`looking into ${folder}`, script, signal), "path");
  return found.map((path) => `${folder}/${path.replace(/^\.\//u, "")}`).sort();
}

/**
 * The settings of a machine's kubelet, by the unit that systemd runs and the files that it names; kubeadm's own where there is no
 * such unit. A file that is no YAML says nothing: a kubelet would not start with it. Throws `ssh-*`, `host-*`.
 */
export async function kubeletOf(machine: ServerMachine, signal: AbortSignal): Promise<KubeletSettings> {
  const [line = ""] = fieldsOf(await machine.run("looking at its kubelet", commandScript, signal), "words");
  const words = line.split("\0");
  const { file, folder } = kubeletConfigs(words);
  const paths = [file, ...(folder === undefined ? [] : await dropIns(machine, folder, signal))];
  const configs: unknown[] = [];
  for (const path of paths) {
    const text = await machine.read(path, signal);
    const read = text === undefined ? undefined : readYaml(text, bounds);
    if (read !== undefined && !("problems" in read)) configs.push(read.value);
  }
  return kubeletSettings(words, configs);
}
