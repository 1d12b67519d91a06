import { shellWord } from "../../core/base/index.ts";
import { rootPathFunctions } from "../../providers/host/index.ts";
import type { ServerMachine } from "./machine.ts";
import type { KeyStore } from "./rancher-start.ts";
import { newFolder, rotateCa } from "./rotate-ca.ts";

/** In podtrust's folder on a server, until its keys have ended: what the way back from an answer to a theft needs. */
const copies = "theft";

/**
 * What is copied before every key is replaced, once: the list of keys, and where one server has the datastore in files, those. It is made
 * first and named last, so that a copy that was cut off is none; one for which there is no room is taken away, since the disk is the
 * cluster's too. Source of a copy of a running SQLite's folder: https://docs.k3s.io/datastore/backup-restore
 */
export const copyFirst = ({ dataDir }: Pick<KeyStore, "dataDir">): string => `
copies=$(root_folder "$root/${copies}" 0700)
if [ ! -e "$copies/service.key" ]; then
  listed=$(root_file ${shellWord(`${dataDir}/server/tls/service.key`)})
  db=$(root_path ${shellWord(`${dataDir}/server/db`)})
  rm -rf "$copies/db" "$copies/service.key.new"
  trap 'rm -rf "$copies/db" "$copies/service.key.new"' EXIT
  if [ -d "$db" ] && [ ! -e "$db/etcd" ]; then cp -a "$db" "$copies/db"; fi
  cp -p "$listed" "$copies/service.key.new"
  sync
  mv "$copies/service.key.new" "$copies/service.key"
  trap - EXIT
fi
`;

const begin = ({ root }: KeyStore): string => `set -eu
umask 077
${rootPathFunctions}
root=$(root_folder ${shellWord(root)} 0700)
`;

/**
 * Puts the copy of the datastore in its place; whether a run was cut off in between, `$aside` says. It lies beside the datastore before
 * anything stops, so that a disk without room costs nothing. The server makes its key file anew from the datastore where there is
 * none, while one of another list would keep it from starting.
 */
const swapDatastore = ({ service }: Pick<KeyStore, "service">): string => `
  trap 'rm -rf "$folder" "$beside"' EXIT
  rm -rf "$beside"
  cp -a "$root/${copies}/db" "$beside"
  sync
  systemctl stop ${shellWord(service)}
  rm -f "$key"
  # Where a run was cut off, this one is of a server that began without a datastore.
  if [ -e "$aside" ]; then rm -rf "$db"; else mv "$db" "$aside"; fi
  mv "$beside" "$db"
  rm -rf "$aside"
`;

/** Seconds in which a server that starts makes its key file: it reads the datastore before. */
const keyFileSeconds = 20;

/**
 * Waits until `$key` is whole. Where the server makes it anew, it is empty on a disk without room, and the copy is then all that
 * is left of the keys. One that is not whole goes: the server makes it anew where there is none, and does not start beside one
 * that differs from its datastore and is younger. By the shell alone: a program that is started may need room, too.
 */
const untilKeyFile = `tries=0
while :; do
  last=
  if [ -e "$key" ]; then while IFS= read -r line || [ -n "$line" ]; do [ -z "$line" ] || last=$line; done <"$key"; fi
  case $last in '-----END '*) break ;; esac
  tries=$((tries + 1))
  [ "$tries" -le ${keyFileSeconds} ] || { rm -f "$key"; echo "it has not made $key anew: is its disk full?" >&2; exit 1; }
  sleep 1
done`;

/**
 * Gives the datastore the keys from before the answer again, by the server itself; where that does not run, and it alone has the
 * datastore, its files are put back. Then it is restarted. Throws `host-command-failed` where neither can be done.
 */
export async function putStoredBack(
  machine: ServerMachine,
  store: KeyStore,
  signal: AbortSignal,
): Promise<void> {
  const { dataDir, service } = store;
  const script = `${begin(store)}
old=$(root_file "$root/${copies}/service.key")
[ -e "$old" ] || { echo 'it has no copy of its former keys' >&2; exit 1; }
key=$(root_file ${shellWord(`${dataDir}/server/tls/service.key`)})
db=$(root_path ${shellWord(`${dataDir}/server/db`)})
aside=$db.podtrust-old
beside=$db.podtrust-new
${newFolder}cp "$old" "$list"
if [ ! -e "$aside" ] && ${rotateCa(store, { isForced: true })}; then :
elif [ -d "$root/${copies}/db" ]; then ${swapDatastore(store)}
else
  echo 'it does not run, and has no copy of its datastore' >&2; exit 1
fi
systemctl restart --no-block ${shellWord(service)}
rm -rf "$folder" "$beside"
${untilKeyFile}
# Last: while there is a copy this has not ended.
rm -rf "$root/${copies}"
`;
  await machine.run("giving its datastore its former keys", script, signal);
}

/** Gives the datastore the keys with which this server still runs, for another that does not run. */
export async function storeRunning(
  machine: ServerMachine,
  store: KeyStore,
  signal: AbortSignal,
): Promise<void> {
  const script = `${begin(store)}
old=$(root_file ${shellWord(`${store.dataDir}/server/tls/service.key`)})
${newFolder}cp "$old" "$list"
${rotateCa(store, { isForced: true })}
`;
  await machine.run("giving the datastore its keys", script, signal);
}

/** Removes the copies, and each private half that lies beside but one. Gives what was removed, as sentences. */
export async function endStoredKeys(
  machine: ServerMachine,
  { root, dataDir, kid }: Pick<KeyStore, "root" | "dataDir"> & { readonly kid: string },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const script = `set -eu
${rootPathFunctions}
root=$(root_path ${shellWord(root)})
tls=$(root_path ${shellWord(`${dataDir}/server/tls`)})
rm -rf "$root/${copies}" "$root"/rotate-ca.*
for file in "$tls"/podtrust-sa-*.key "$tls"/podtrust-sa-*.pub; do
  case $file in "$tls"/podtrust-sa-${kid}.*) continue ;; esac
  if [ -e "$file" ]; then rm -f "$file"; printf 'removed %s\\n' "$file"; fi
done
`;
  const output = await machine.run("ending keys", script, signal);
  const removed = output.split("\n").flatMap((line) => (line.startsWith("removed ") ? [line.slice(8)] : []));
  return removed.length === 0 ? [] : [`${removed.join(", ")} are removed.`];
}
