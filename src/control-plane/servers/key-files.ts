import { createPublicKey } from "node:crypto";
import { PodtrustError, shellWord } from "../../core/base/index.ts";
import { rootPathFunctions } from "../../providers/host/index.ts";
import type { ServerUser } from "../../rules/distribution/index.ts";
import { kubernetesKid, publicJwk } from "../../rules/keys/index.ts";
import { fieldsOf, type ServerMachine } from "./machine.ts";
import type { ServerKey } from "./server.ts";

// An exit code of the script below.
const noOpenssl = 4;
// `printf` is the shell's own: no key stands in a list of processes. Of a private key the public half alone is printed. An openssl that
// was killed has not said that a key is none.
const publicHalves = `
command -v openssl >/dev/null || { echo 'openssl is not installed on this machine' >&2; exit ${noOpenssl}; }
halves() {
  block=
  kind=
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      *-----BEGIN*PUBLIC\\ KEY*) block=$line; kind=-pubin ;;
      *-----BEGIN*KEY*) block=$line; kind= ;;
      *) block="$block
$line" ;;
    esac
    case $line in
      *-----END*KEY*)
        half=$(printf '%s\\n' "$block" | openssl pkey $kind -pubout) || { code=$?; [ "$code" -lt 128 ] || exit "$code"; }
        printf '%s %s\\n' "$1" "$(printf '%s\\n' "$half" | base64 -w0)"
        block= ;;
    esac
  done
}
`;

/**
 * The public halves of the keys in files of the machine, each in its order. Throws `server-file-invalid`, and `host-path-refused` for a
 * file that somebody else than root, or the user `owner`, may write.
 */
export async function keysIn(
  machine: ServerMachine,
  files: readonly string[],
  signal: AbortSignal,
  owner = 0,
): Promise<readonly (readonly ServerKey[])[]> {
  const each = files.map(
    (file, index) =>
      `file=$(root_file ${shellWord(file)} ${owner})\nif [ -e "$file" ]; then halves key${index} <"$file"; fi\n`,
  );
  const script = `set -eu${rootPathFunctions}${publicHalves}${each.join("")}`;
  const output = await machine.run(`reading the keys of ${files.join(", ")}`, script, signal);
  return files.map((file, index) => {
    const halves = fieldsOf(output, `key${index}`);
    if (halves.length === 0)
      throw new PodtrustError(
        "server-file-invalid",
        `${machine.text}: ${file} is not there, or holds no key`,
      );
    return halves.map((pem) => keyOf(pem, file, machine));
  });
}

/**
 * The same; undefined where a file is not there or holds no key that could sign a token, or nothing could tell. A reading that was cut
 * off is none of these, and throws: who takes it for other keys would leave files that were to go back.
 */
export async function keysIfAny(
  machine: ServerMachine,
  files: readonly string[],
  signal: AbortSignal,
  owner = 0,
): Promise<readonly (readonly ServerKey[])[] | undefined> {
  try {
    return await keysIn(machine, files, signal, owner);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof PodtrustError)) throw error;
    const { code, detail } = error;
    const isUntold = code === "host-command-failed" && detail["code"] === noOpenssl;
    if (code === "server-file-invalid" || isUntold) return undefined;
    throw error;
  }
}

/**
 * Judges, before an API server starts with them, whether its user can read these files: another user than root. The file of its key,
 * which is root's alone so far, is let be read by its group. Throws `host-path-refused`.
 */
export async function letRead(
  machine: ServerMachine,
  { uid, group, groups }: ServerUser,
  { files, key }: { readonly files: readonly string[]; readonly key?: string },
  signal: AbortSignal,
): Promise<void> {
  const admit = (file: string): string => `file=$(root_file ${shellWord(file)})
chown 0:${group} "$file"
chmod 0640 "$file"
`;
  const judge = (file: string): string => `file=$(root_file ${shellWord(file)} ${uid})
root_readable "$file" ${uid} "${groups.join(" ")}"
`;
  const all = [...files, ...(key === undefined ? [] : [key])];
  const script = `set -eu${rootPathFunctions}${key === undefined ? "" : admit(key)}${all.map(judge).join("")}`;
  await machine.run("looking whether its API server can read its keys", script, signal);
}

function keyOf(pem: string, file: string, machine: ServerMachine): ServerKey {
  try {
    const key = createPublicKey(pem);
    return { kid: kubernetesKid(key), jwk: publicJwk(key), file };
  } catch (error) {
    throw new PodtrustError(
      "server-file-invalid",
      `${machine.text}: ${file} holds a key that can sign no token`,
      { cause: error },
    );
  }
}

/** The kid of a PEM's key; of a private one that of its public half. */
export function kidOf(pem: string): string {
  return kubernetesKid(createPublicKey(pem));
}
