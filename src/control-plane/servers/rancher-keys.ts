import { shellWord } from "../../core/base/index.ts";
import { rootPathFunctions } from "../../providers/host/index.ts";
import { kidOf } from "./key-files.ts";
import { machineKeyFile } from "./machine-keys.ts";
import type { ServerMachine } from "./machine.ts";
import { copyFirst } from "./rancher-theft.ts";
import type { KeyStore } from "./rancher-start.ts";
import { newFolder, rotateCa } from "./rotate-ca.ts";
import type { KeyChange } from "./server.ts";

/** The private key that signs from now on, which is on the machine already. */
interface Head {
  readonly kid: string;
  /** It is the first private key there. */
  readonly file: string;
}

/** One of the machine's own keys, or the one that signs already. */
function headOf({ signerThere }: KeyChange, signs: string, { dataDir }: KeyStore): Head {
  const tls = `${dataDir}/server/tls`;
  if (signerThere === undefined) return { kid: signs, file: `${tls}/service.key` };
  return { kid: signerThere.kid, file: machineKeyFile(tls, signerThere.kid) };
}

/**
 * Gives the cluster's datastore another list of keys by `certificate rotate-ca`, and restarts the server, which takes it from there. The
 * command reads every file of the folder that it knows, so that folder has the list alone and is new. Both are one script: a list that
 * is stored and not taken would be taken by whatever restarts the server later.
 *
 * The head is written in the traditional form, EC PRIVATE KEY or RSA PRIVATE KEY: Kubernetes passes over an EC key in a PKCS#8 block
 * where it looks for public halves (client-go, keyutil, ParsePublicKeysPEM), so the server would refuse what it signs. That form has
 * its public half, which does not stand in the list a second time: the key set would show it twice.
 * A list without the key that signs is refused but for `--force`, which waives every check: the answer to a theft alone gives that.
 * Source: https://docs.k3s.io/cli/certificate; pkg/server/handlers/cert.go of k3s. Throws `host-*`, `ssh-*`.
 */
export async function storeKeys(
  machine: ServerMachine,
  store: KeyStore,
  { change, signs }: { readonly change: KeyChange; readonly signs: string },
  signal: AbortSignal,
): Promise<void> {
  const { service, root } = store;
  const head = headOf(change, signs, store);
  const others = change.verifiers.filter((pem) => kidOf(pem) !== head.kid).map((pem) => `${pem.trimEnd()}\n`);
  const list = others.join("");
  const script = `set -eu
umask 077
${rootPathFunctions}
command -v openssl >/dev/null || { echo 'openssl is not installed on this machine' >&2; exit 1; }
root=$(root_folder ${shellWord(root)} 0700)
chmod 0700 "$root"
head=$(root_file ${shellWord(head.file)})
${change.isWhole === true ? copyFirst(store) : ""}
${newFolder}openssl pkey -in "$head" -traditional -out "$list"
# Where the disk is full, openssl writes nothing and ends well.
[ -s "$list" ] || { echo 'the list of keys was not written whole: is the disk full?' >&2; exit 1; }
kid=$(openssl pkey -in "$list" -pubout -outform DER | openssl dgst -sha256 -binary | base64 -w0 | tr '+/' '-_' | tr -d '=')
if [ "$kid" != ${shellWord(head.kid)} ]; then printf 'the first key of %s is %s\\n' ${shellWord(head.file)} "$kid" >&2; exit 1; fi
before=$(wc -c <"$list")
cat >>"$list"
if [ "$(wc -c <"$list")" -ne $((before + ${Buffer.byteLength(list)})) ]; then echo 'the connection was lost' >&2; exit 1; fi
${rotateCa(store, { isForced: change.isWhole === true })}
systemctl restart --no-block ${shellWord(service)}
`;
  await machine.run("giving its datastore other keys", script, signal, list);
}
