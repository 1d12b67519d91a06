import { PodtrustError, shellWord } from "../../core/base/index.ts";
import { stepFailure } from "../../providers/host/index.ts";
import type { ServerMachine } from "./machine.ts";

/** A file that is to be written. */
export interface NewFile {
  readonly path: string;
  readonly content: string;
  /** Of a file that is not there yet; one that is there keeps its own. */
  readonly mode?: number;
  /** A file of the machine whose first key comes before the content; the key stays on the machine. */
  readonly head?: string;
}

const changedCode = 9;
const withFirstKey = (file: string): string => `sed '/-----END.*KEY-----/q' ${shellWord(file)} >"$keep/copy"
cat "$new" >>"$keep/copy"
mv -f "$keep/copy" "$new"`;
const outputMark = "changed ";

/**
 * Files of a machine that are written whole and can be had back byte for byte. What stood there before the first change
 * is kept in a folder of its own, with its owner, mode and time: `before/PATH`, or `absent/PATH` where there was none.
 * `written/PATH` is what was written last: by it a change of somebody else is known.
 */
export class KeptFiles {
  readonly #machine: ServerMachine;
  readonly #folder: string;

  /** `folder`: on the machine, on the same file system as the files; nobody but root may enter it. */
  constructor(machine: ServerMachine, folder: string) {
    this.#machine = machine;
    this.#folder = folder;
  }

  /** Writes a file whole or not at all. A name with a leading dot is read neither by a kubelet nor by k3s. */
  async write({ path, content, mode = 0o600, head }: NewFile, signal: AbortSignal): Promise<void> {
    const slash = path.lastIndexOf("/");
    const words = {
      keep: shellWord(this.#folder),
      path: shellWord(path),
      folder: shellWord(path.slice(0, slash)),
      new: shellWord(`${path.slice(0, slash)}/.${path.slice(slash + 1)}.podtrust-new`),
    };
    const script = `set -eu
umask 077
keep=${words.keep}
path=${words.path}
new=${words.new}
mkdir -p "$keep"
chmod 0700 "$keep"
for one in before absent written; do mkdir -p "$(dirname "$keep/$one$path")"; done
trap 'rm -f "$new" "$keep/copy"' EXIT
if [ ! -e "$keep/before$path" ] && [ ! -e "$keep/absent$path" ]; then
  if [ -e "$path" ]; then
    cp -p "$path" "$keep/copy"
    sync "$keep/copy" 2>/dev/null || sync
    mv -f "$keep/copy" "$keep/before$path"
  else
    : >"$keep/absent$path"
  fi
fi
[ -d ${words.folder} ] || mkdir -p -m 0755 ${words.folder}
cat >"$new"
if [ "$(wc -c <"$new")" -ne ${Buffer.byteLength(content)} ]; then echo 'the connection was lost' >&2; exit 1; fi
${head === undefined ? "" : withFirstKey(head)}
if [ -e "$path" ]; then
  chown "$(stat -c %u:%g "$path")" "$new"
  chmod "$(stat -c %a "$path")" "$new"
else
  chmod ${mode.toString(8)} "$new"
fi
cp "$new" "$keep/written$path"
sync "$new" "$keep/written$path" 2>/dev/null || sync
mv -f "$new" "$path"
`;
    await this.#machine.run(`writing ${path}`, script, signal, content);
  }

  /** Whether something is kept. */
  async isChanged(signal: AbortSignal): Promise<boolean> {
    const script = `if [ -d ${shellWord(this.#folder)}/written ]; then echo yes; fi`;
    const said = await this.#machine.run("looking for kept files", script, signal);
    return said.trim() === "yes";
  }

  /** Puts everything back. Throws `server-file-changed`, and has touched nothing then. */
  async restore(signal: AbortSignal): Promise<void> {
    const script = `set -eu
umask 077
keep=${shellWord(this.#folder)}
[ -d "$keep/written" ] || exit 0
cd "$keep/written"
find . -type f -exec sh -c '
keep=$1; shift
for one; do
  path=\${one#.}
  if [ -e "$keep/absent$path" ] && [ ! -e "$path" ]; then continue; fi
  if [ -e "$path" ] && cmp -s "$path" "$keep/written$path"; then continue; fi
  if [ -e "$path" ] && [ -e "$keep/before$path" ] && cmp -s "$path" "$keep/before$path"; then continue; fi
  printf "${outputMark}%s\\n" "$path"
done' sh "$keep" {} + >"$keep/differences"
if [ -s "$keep/differences" ]; then cat "$keep/differences"; exit ${changedCode}; fi
find . -type f -exec sh -c '
set -e
keep=$1; shift
for one; do
  path=\${one#.}
  if [ -e "$keep/absent$path" ]; then rm -f "$path"; continue; fi
  if cmp -s "$path" "$keep/before$path"; then continue; fi
  new="$(dirname "$path")/.$(basename "$path").podtrust-new"
  cp -p "$keep/before$path" "$new"
  sync "$new" 2>/dev/null || sync
  mv -f "$new" "$path"
done' sh "$keep" {} +
`;
    const result = await this.#machine.session.run(script, { timeoutMs: 60_000, signal });
    if (result.code === changedCode) {
      const path = result.stdout.split("\n").find((line) => line.startsWith(outputMark)) ?? "";
      const file = path.slice(outputMark.length);
      throw new PodtrustError(
        "server-file-changed",
        `${this.#machine.text}: ${file} is not what podtrust wrote last; nothing was put back`,
        { detail: { file, kept: `${this.#folder}/before${file}` } },
      );
    }
    if (result.code !== 0) throw stepFailure(this.#machine.session.target, "putting files back", result);
  }

  /** Forgets what was kept. */
  async forget(signal: AbortSignal): Promise<void> {
    await this.#machine.run("forgetting kept files", `rm -rf ${shellWord(this.#folder)}`, signal);
  }
}
