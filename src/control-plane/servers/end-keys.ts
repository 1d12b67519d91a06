import { recordOf, shellWord } from "../../core/base/index.ts";
import { yaml11Text } from "../../core/yaml/index.ts";
import type { KeptFiles } from "./kept-files.ts";
import { machineKeyFile } from "./machine-keys.ts";
import type { ServerMachine } from "./machine.ts";

const folder = "/etc/kubernetes/pki";
const managerManifest = "/etc/kubernetes/manifests/kube-controller-manager.yaml";
// A kubelet restarts a static pod whose manifest differs in anything.
const annotation = "podtrust.dev/signing-key";

/**
 * The files that kubeadm's own commands copy and read, `sa.key` and `sa.pub`, get the fresh key; every other key of podtrust's is
 * removed. Prints each file that it changed.
 */
const script = (kid: string): string => `set -eu
umask 077
folder=${folder}
fresh=${shellWord(machineKeyFile(folder, kid))}
[ -f "$fresh" ] || { echo "$fresh is not there" >&2; exit 1; }
new=$(mktemp "$folder/.podtrust-new.XXXXXX")
trap 'rm -f "$new"' EXIT
put() {
  chmod "$2" "$new"
  sync "$new" 2>/dev/null || sync
  mv -f "$new" "$1"
  printf 'changed %s\\n' "$1"
}
if [ -e "$folder/sa.key" ]; then cat "$fresh" >"$new"; put "$folder/sa.key" 0600; fi
if [ -e "$folder/sa.pub" ]; then openssl pkey -in "$fresh" -pubout >"$new"; put "$folder/sa.pub" 0644; fi
for file in "$folder"/podtrust-sa-*.key "$folder"/podtrust-sa-*.pub; do
  case $file in "$folder"/podtrust-sa-${kid}.*) continue ;; esac
  if [ -f "$file" ]; then rm -f "$file"; printf 'removed %s\\n' "$file"; fi
done
`;

/** Restarts the controller manager, which signs tokens in Secrets with `sa.key`. False where its manifest is not there. */
async function restartManager(
  machine: ServerMachine,
  kept: KeptFiles,
  kid: string,
  signal: AbortSignal,
): Promise<boolean> {
  const manifest = await machine.readYaml(managerManifest, signal);
  if (manifest === undefined) return false;
  const metadata = recordOf(manifest["metadata"]);
  const annotations = { ...recordOf(metadata["annotations"]), [annotation]: kid };
  const content = yaml11Text({ ...manifest, metadata: { ...metadata, annotations } });
  await kept.write({ path: managerManifest, content }, { fresh: kid }, signal);
  return true;
}

/** Every copy of a signing key but one leaves a control plane node that kubeadm made. Gives what was done, as sentences. */
export async function endKubeadmKeys(
  machine: ServerMachine,
  kept: KeptFiles,
  kid: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const output = await machine.run("ending keys", script(kid), signal);
  const lines = output.split("\n").filter((line) => line !== "");
  const changed = lines.flatMap((line) => (line.startsWith("changed ") ? [line.slice(8)] : []));
  const removed = lines.flatMap((line) => (line.startsWith("removed ") ? [line.slice(8)] : []));
  const isRestarted = await restartManager(machine, kept, kid, signal);
  await kept.forget(signal);
  return [
    ...(changed.length === 0 ? [] : [`${changed.join(" and ")} hold ${kid} now.`]),
    ...(removed.length === 0 ? [] : [`${removed.join(", ")} are removed.`]),
    isRestarted
      ? "its controller manager restarts, and signs tokens in Secrets with that key."
      : `it has no ${managerManifest}: restart its controller manager with the key that signs now.`,
  ];
}
