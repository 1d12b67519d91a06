import { shellWord } from "../../core/base/index.ts";
import type { KeyStore } from "./rancher-start.ts";

/**
 * The step of a script that makes the folder of `rotateCa`: `$list` in it is the list of keys. The command reads every file of the
 * folder that it knows, so it is new and has nothing else. `$root` is podtrust's own folder there.
 */
export const newFolder = `
# What a run that was cut off left.
rm -rf "$root"/rotate-ca.*
folder=$(mktemp -d "$root/rotate-ca.XXXXXX")
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/tls"
list=$folder/tls/service.key
`;

/**
 * The command that gives the cluster's datastore the list of that folder. `isForced`: also one without the key that signs, which is
 * refused otherwise; it waives every check. Source: https://docs.k3s.io/cli/certificate; pkg/server/handlers/cert.go of k3s.
 */
export const rotateCa = (
  { program, supervisor, dataDir }: KeyStore,
  { isForced }: { readonly isForced: boolean },
): string =>
  `${shellWord(program)} certificate rotate-ca${isForced ? " --force" : ""} --server ${shellWord(supervisor)} --data-dir ${shellWord(dataDir)} --path "$folder" >&2`;
