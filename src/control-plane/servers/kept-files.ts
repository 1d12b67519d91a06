import { createHash } from "node:crypto";
import { PodtrustError, shellWord } from "../../core/base/index.ts";
import { stepFailure } from "../../providers/host/index.ts";
import { fieldsOf, type ServerMachine } from "./machine.ts";

/** A file that is to be written. */
export interface NewFile {
  readonly path: string;
  readonly content: string;
  /** Of a new file; an existing one keeps its own. */
  readonly mode?: number;
  /** A file of the machine whose first key comes before the content; the key stays on the machine. */
  readonly head?: string;
}

/** The files from before podtrust's last change. */
export interface PreviousFiles {
  /** The user consented to restoring it, and that has not ended: it was interrupted, or is under way. */
  readonly isBegun: boolean;
  /** Every file is as it was then. */
  readonly isBack: boolean;
}

/**
 * What is kept for a purpose: nothing, files that stand as podtrust wrote them last, or some that another
 * program has changed.
 */
export type KeptFileState = "nothing" | "as-written" | "edited";

const changedCode = 9;
const withFirstKey = (file: string): string => `sed '/-----END.*KEY-----/q' ${shellWord(file)} >"$root/copy"
cat "$new" >>"$root/copy"
mv -f "$root/copy" "$new"`;
const [changedMark, backMark] = ["changed ", "back "];
// In `previous/`, so that it goes with what it is about.
const begunFile = "begun";

// `stands FOLDER`: the file $path is as podtrust wrote it last, for whatever it did, or as it stood before what is kept in FOLDER.
// `check_stand FOLDER`: so is each that is kept there; `is_back FOLDER`: each is as it stood before.
const functions = `
sum() { sha256sum <"$1" | cut -c1-64; }
stands() {
  if [ ! -e "$path" ]; then [ -e "$1/absent$path" ]; return; fi
  if [ -e "$1/before$path" ] && cmp -s "$path" "$1/before$path"; then return 0; fi
  [ ! -e "$1/edited$path" ] && [ -e "$root/sums$path" ] && grep -qx "$(sum "$path")" "$root/sums$path"
}
keep_in() {
  if [ -e "$1/before$path" ] || [ -e "$1/absent$path" ]; then return 0; fi
  if [ -e "$path" ]; then
    cp -p "$path" "$root/copy"
    sync "$root/copy" 2>/dev/null || sync
    mv -f "$root/copy" "$1/before$path"
  else
    : >"$1/absent$path"
  fi
}
remember() {
  { if [ -e "$path" ]; then sum "$path"; fi; sum "$1"; } >"$root/copy"
  mv -f "$root/copy" "$root/sums$path"
}
kept_paths() {
  for state in before absent; do
    if [ -d "$1/$state" ]; then (cd "$1/$state" && find . -type f | sed 's/^\\.//'); fi
  done
}
check_stand() {
  kept_paths "$1" | {
    code=0
    while IFS= read -r path; do
      if ! stands "$1"; then printf '${changedMark}%s\\n' "$path"; code=${changedCode}; fi
    done
    exit $code
  }
}
is_back() {
  kept_paths "$1" | while IFS= read -r path; do
    if [ -e "$1/absent$path" ]; then [ ! -e "$path" ] || exit 1; else cmp -s "$path" "$1/before$path" || exit 1; fi
  done
}
`;

/**
 * Files of a machine that are written whole and can be had back byte for byte. What stood there before the first change
 * is kept in a folder of its own for each purpose, with its owner, mode and time: `PURPOSE/before/PATH`, or
 * `PURPOSE/absent/PATH` where there was none. `previous/` has the same of what stood there before the last change,
 * whatever that was for, and a file `begun` while machine after machine gets that back. `sums/PATH` is what podtrust
 * wrote last and what stood there before: it reveals a change by another program, which `PURPOSE/edited/PATH`
 * remembers.
 */
export class KeptFiles {
  readonly #machine: ServerMachine;
  readonly #root: string;
  readonly #folder: string;

  /** `root`: on the machine, on the same file system as the files; only root may enter it. */
  constructor(machine: ServerMachine, root: string, purpose: "adopt" | "rotate") {
    this.#machine = machine;
    this.#root = root;
    this.#folder = `${root}/${purpose}`;
  }

  /**
   * Writes a file whole or not at all. A name with a leading dot is read neither by a kubelet nor by k3s. `change`: what the files
   * are changed to, in one way of writing it: those of one change are put back together.
   */
  async write(
    { path, content, mode = 0o600, head }: NewFile,
    change: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    const slash = path.lastIndexOf("/");
    const [folder, id] = [
      path.slice(0, slash),
      createHash("sha256").update(JSON.stringify(change)).digest("hex"),
    ];
    const script = `set -eu
umask 077
root=${shellWord(this.#root)}
keep=${shellWord(this.#folder)}
path=${shellWord(path)}
new=${shellWord(`${folder}/.${path.slice(slash + 1)}.podtrust-new`)}
${functions}
mkdir -p "$root"
chmod 0700 "$root"
trap 'rm -f "$new" "$root/copy"' EXIT
for one in "$root"/*; do
  if [ -e "$one/before$path" ] || [ -e "$one/absent$path" ]; then
    if ! stands "$one"; then mkdir -p "$(dirname "$one/edited$path")"; : >"$one/edited$path"; fi
  fi
done
if [ "$(cat "$root/previous/change" 2>/dev/null)" != ${id} ]; then
  rm -rf "$root/previous"
  mkdir "$root/previous"
  echo ${id} >"$root/previous/change"
fi
rm -f "$root/previous/${begunFile}"
for one in "$keep/before" "$keep/absent" "$root/previous/before" "$root/previous/absent" "$root/sums"; do
  mkdir -p "$(dirname "$one$path")"
done
keep_in "$keep"
keep_in "$root/previous"
[ -d ${shellWord(folder)} ] || mkdir -p -m 0755 ${shellWord(folder)}
cat >"$new"
if [ "$(wc -c <"$new")" -ne ${Buffer.byteLength(content)} ]; then echo 'the connection was lost' >&2; exit 1; fi
${head === undefined ? "" : withFirstKey(head)}
if [ -e "$path" ]; then
  chown "$(stat -c %u:%g "$path")" "$new"
  chmod "$(stat -c %a "$path")" "$new"
else
  chmod ${mode.toString(8)} "$new"
fi
remember "$new"
sync "$new" "$root/sums$path" 2>/dev/null || sync
mv -f "$new" "$path"
`;
    await this.#machine.run(`writing ${path}`, script, signal, content);
  }

  /** What is kept for this purpose. */
  async state(signal: AbortSignal): Promise<KeptFileState> {
    const script = `set -eu
root=${shellWord(this.#root)}
keep=${shellWord(this.#folder)}
${functions}
[ -d "$keep" ] || exit 0
echo as-written
kept_paths "$keep" | while IFS= read -r path; do
  if ! stands "$keep"; then echo edited; fi
done
`;
    const said = await this.#machine.run("looking for kept files", script, signal);
    if (said === "") return "nothing";
    return said.includes("edited") ? "edited" : "as-written";
  }

  /** The files that are kept for this purpose, those among them that were not there before. */
  async paths(signal: AbortSignal): Promise<readonly string[]> {
    const script = `set -eu
${functions}
kept_paths ${shellWord(this.#folder)} | while IFS= read -r path; do
  printf 'path %s\\n' "$(printf %s "$path" | base64 -w0)"
done
`;
    return fieldsOf(await this.#machine.run("looking for kept files", script, signal), "path");
  }

  /** Where a file lies as it stood before the first change for this purpose, if it is kept. */
  before(path: string): string {
    return `${this.#folder}/before${path}`;
  }

  /** Puts everything back that is kept for this purpose. Throws `server-file-changed`, and has touched nothing then. */
  async restore(signal: AbortSignal): Promise<void> {
    await this.#putBack(this.#folder, signal);
  }

  /** What stood there before podtrust's last change; undefined where nothing of it is kept. Throws `server-file-changed`. */
  async previous(signal: AbortSignal): Promise<PreviousFiles | undefined> {
    const from = `${this.#root}/previous`;
    const script = `set -eu
root=${shellWord(this.#root)}
from=${shellWord(from)}
[ -d "$from" ] || exit 0
${functions}
check_stand "$from"
echo kept
if [ -e "$from/${begunFile}" ]; then echo begun; fi
if is_back "$from"; then echo back; fi
`;
    const lines = (await this.#restoring(script, from, signal)).split("\n");
    if (!lines.includes("kept")) return undefined;
    return { isBegun: lines.includes("begun"), isBack: lines.includes("back") };
  }

  /** Remembers that what stood there before the last change is going to be put back, until that is forgotten. */
  async beginPrevious(signal: AbortSignal): Promise<void> {
    const begun = shellWord(`${this.#root}/previous/${begunFile}`);
    await this.#machine.run(
      "writing down what begins",
      `set -eu\n: >${begun}\nsync ${begun} 2>/dev/null || sync\n`,
      signal,
    );
  }

  /**
   * Puts back what stood there before podtrust's last change, and gives the paths of what differed. Throws `server-file-changed`,
   * and has touched nothing then.
   */
  restorePrevious(signal: AbortSignal): Promise<readonly string[]> {
    return this.#putBack(`${this.#root}/previous`, signal);
  }

  /** Forgets what was kept for this purpose, and for none what stood there before the last change: a key may be in either. */
  async forget(signal: AbortSignal): Promise<void> {
    const root = shellWord(this.#root);
    const script = `set -eu
rm -rf ${shellWord(this.#folder)} ${root}/previous
if [ ! -d ${root}/adopt ] && [ ! -d ${root}/rotate ]; then rm -rf ${root}/sums; rmdir ${root} 2>/dev/null || true; fi
`;
    await this.#machine.run("forgetting kept files", script, signal);
  }

  /** Forgets what stood there before the last change. */
  async forgetPrevious(signal: AbortSignal): Promise<void> {
    await this.#machine.run("forgetting kept files", `rm -rf ${shellWord(this.#root)}/previous`, signal);
  }

  async #putBack(from: string, signal: AbortSignal): Promise<readonly string[]> {
    const script = `set -eu
umask 077
root=${shellWord(this.#root)}
from=${shellWord(from)}
[ -d "$from" ] || exit 0
${functions}
check_stand "$from"
trap 'rm -f "$root/paths" "$root/copy"' EXIT
kept_paths "$from" >"$root/paths"
while IFS= read -r path; do
  if [ -e "$from/absent$path" ]; then
    if [ -e "$path" ]; then rm -f "$path" "$root/sums$path"; printf '${backMark}%s\\n' "$path"; fi
    continue
  fi
  if cmp -s "$path" "$from/before$path"; then continue; fi
  new="$(dirname "$path")/.$(basename "$path").podtrust-new"
  cp -p "$from/before$path" "$new"
  remember "$new"
  sync "$new" "$root/sums$path" 2>/dev/null || sync
  mv -f "$new" "$path"
  printf '${backMark}%s\\n' "$path"
done <"$root/paths"
`;
    return marked(await this.#restoring(script, from, signal), backMark);
  }

  /** Runs a script that ends with a code of its own if another program has changed what was kept in `from`. */
  async #restoring(script: string, from: string, signal: AbortSignal): Promise<string> {
    const result = await this.#machine.session.run(script, { timeoutMs: 60_000, signal });
    if (result.code === changedCode) {
      const [file = ""] = marked(result.stdout, changedMark);
      throw new PodtrustError(
        "server-file-changed",
        `${this.#machine.text}: ${file} is not what podtrust wrote last; nothing was put back`,
        { detail: { file, kept: `${from}/before${file}` } },
      );
    }
    if (result.code !== 0) throw stepFailure(this.#machine.session.target, "putting files back", result);
    return result.stdout;
  }
}

/** The rest of each line that begins with a mark. */
function marked(output: string, mark: string): readonly string[] {
  return output.split("\n").flatMap((line) => (line.startsWith(mark) ? [line.slice(mark.length)] : []));
}
