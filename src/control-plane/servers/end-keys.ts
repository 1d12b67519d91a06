import { type JsonRecord, PodtrustError, recordOf, shellWord } from "../../core/base/index.ts";
import { yaml11Text } from "../../core/yaml/index.ts";
import { rootPathFunctions } from "../../providers/host/index.ts";
import { manifestUser } from "../../rules/distribution/index.ts";
import type { KeptFiles } from "./kept-files.ts";
import { machineKeyFile } from "./machine-keys.ts";
import type { ServerMachine } from "./machine.ts";

const folder = "/etc/kubernetes/pki";
const managerManifest = "/etc/kubernetes/manifests/kube-controller-manager.yaml";
// A kubelet restarts a static pod whose manifest differs in anything.
const annotation = "podtrust.dev/signing-key";

/**
 * The files that kubeadm's own commands copy and read, `sa.key` and `sa.pub`, get the fresh key; every other key of podtrust's is
 * removed. `group`: the one that the controller manager reads by, where it is not root's. `owner`: whose `sa.pub` may be instead of
 * root's. Prints each file that it changed.
 */
const script = (kid: string, group: number | undefined, owner: number): string => `set -eu
umask 077
${rootPathFunctions}
halfin() { openssl pkey -in "$1" -pubout 2>/dev/null || openssl pkey -pubin -in "$1" -pubout; }
new=
trap 'rm -f "$new"' EXIT
folder=$(root_folder ${folder})
fresh=$(root_file ${shellWord(machineKeyFile(folder, kid))})
[ -e "$fresh" ] || { echo 'the private half of ${kid} is not on this machine' >&2; exit 1; }
for name in sa.key sa.pub; do
  file=$(root_file "$folder/$name" ${owner})
  [ -e "$file" ] || continue
  new=$(root_new "$folder")
  if [ $name = sa.key ]; then cat "$fresh" >"$new"; else openssl pkey -in "$fresh" -pubout >"$new"; fi
  # Where the disk is full, openssl writes nothing and ends well.
  if [ "$(halfin "$new")" != "$(halfin "$fresh")" ]; then echo "$file was not written whole: is the disk full?" >&2; exit 1; fi
  root_place "$new" "$file" ${group ?? ""}
  printf 'changed %s\\n' "$file"
done
for file in "$folder"/podtrust-sa-*.key "$folder"/podtrust-sa-*.pub; do
  case $file in "$folder"/podtrust-sa-${kid}.*) continue ;; esac
  if [ -e "$file" ]; then rm -f "$file"; printf 'removed %s\\n' "$file"; fi
done
`;

/** Restarts the controller manager, which signs tokens in Secrets with `sa.key`. False where its manifest is not there. */
async function restartManager(
  manifest: JsonRecord | undefined,
  kept: KeptFiles,
  kid: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (manifest === undefined) return false;
  const metadata = recordOf(manifest["metadata"]);
  const annotations = { ...recordOf(metadata["annotations"]), [annotation]: kid };
  const content = yaml11Text({ ...manifest, metadata: { ...metadata, annotations } });
  await kept.write({ path: managerManifest, content }, { fresh: kid }, signal);
  return true;
}

/**
 * Every copy of a signing key but one leaves a control plane node that kubeadm made. `owner`: as whom its API server runs. Gives what was
 * done, as sentences. Throws `server-file-invalid`, `host-path-refused`.
 */
export async function endKubeadmKeys(
  machine: ServerMachine,
  kept: KeptFiles,
  { kid, owner }: { readonly kid: string; readonly owner: number },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const manifest = await machine.readYaml(managerManifest, signal);
  const user = manifestUser(manifest, "kube-controller-manager");
  if ("fault" in user) {
    throw new PodtrustError("server-file-invalid", `${machine.text}: ${managerManifest} ${user.fault}`);
  }
  const output = await machine.run("ending keys", script(kid, user.value?.group, owner), signal);
  const lines = output.split("\n").filter((line) => line !== "");
  const changed = lines.flatMap((line) => (line.startsWith("changed ") ? [line.slice(8)] : []));
  const removed = lines.flatMap((line) => (line.startsWith("removed ") ? [line.slice(8)] : []));
  const isRestarted = await restartManager(manifest, kept, kid, signal);
  await kept.forget(signal);
  return [
    ...(changed.length === 0 ? [] : [`${changed.join(" and ")} hold ${kid} now.`]),
    ...(removed.length === 0 ? [] : [`${removed.join(", ")} are removed.`]),
    isRestarted
      ? "its controller manager restarts, and signs tokens in Secrets with that key."
      : `it has no ${managerManifest}: restart its controller manager with the key that signs now.`,
  ];
}
