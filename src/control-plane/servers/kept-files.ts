import { createHash } from "node:crypto";
import { PodtrustError, shellWord } from "../../core/base/index.ts";
import { rootPathFunctions, stepFailure } from "../../providers/host/index.ts";
import { fieldsOf, type ServerMachine } from "./machine.ts";

/** A file that is to be written. */
export interface NewFile {
  readonly path: string;
  readonly content: string;
  /** What stood there when the content was made of it: where another run has written since, nothing is written. */
  readonly over?: string;
  /** A group's number, whose processes may read it; root alone by default, whoever could read what stood there. */
  readonly group?: number;
  /** A file of the machine whose first key comes before the content; the key stays on the machine. */
  readonly head?: string;
}

/** A file as it was read. */
export interface ReadFile {
  readonly path: string;
  readonly text: string;
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
const elsewhereMark = "elsewhere";
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const withFirstKey = (file: string): string => `key=$(root_file ${shellWord(file)})
sed '/-----END.*KEY-----/q' "$key" >"$root/copy"
cat "$new" >>"$root/copy"
cat "$root/copy" >"$new"`;
/** Ends a script well, and says so, where another run has written since. */
const unlessChanged = ({ path, text }: ReadFile): string => `path=${shellWord(path)}
real=$(root_file "$path")
if [ ! -e "$real" ] || [ "$(sum "$real")" != ${sha256(text)} ]; then echo ${elsewhereMark}; exit 0; fi
`;
const [changedMark, backMark] = ["changed ", "back "];
// In `previous/`, so that it goes with what it is about.
const begunFile = "begun";

// A file is kept and summed under the path that was given, $path, and read and written where that leads to, $real.
// `stands FOLDER`: the file is as podtrust wrote it last, for whatever it did, or as it stood before what is kept in FOLDER.
// `reread FILE`: systemd reads a unit anew, which decides what it starts.
// `check_stand FOLDER`: so is each that is kept there; `is_back FOLDER`: each is as it stood before.
// `one_at_a_time`: two runs that change files here take turns, to the end of the script.
const functions = `
one_at_a_time() {
  if [ -d "$root" ] && command -v flock >/dev/null; then
    exec 9<"$root"
    flock -w 30 9 || { echo 'another run of podtrust is at work on this machine' >&2; exit 1; }
  fi
}
sum() { sha256sum <"$1" | cut -c1-64; }
stands() {
  if [ ! -e "$real" ]; then [ -e "$1/absent$path" ]; return; fi
  if [ -e "$1/before$path" ] && cmp -s "$real" "$1/before$path"; then return 0; fi
  [ ! -e "$1/edited$path" ] && [ -e "$root/sums$path" ] && grep -qx "$(sum "$real")" "$root/sums$path"
}
keep_in() {
  if [ -e "$1/before$path" ] || [ -e "$1/absent$path" ]; then return 0; fi
  if [ -e "$real" ]; then
    cp -p "$real" "$root/copy"
    sync "$root/copy" 2>/dev/null || sync
    mv -f "$root/copy" "$1/before$path"
  else
    : >"$1/absent$path"
  fi
}
remember() {
  { if [ -e "$real" ]; then sum "$real"; fi; sum "$1"; } >"$root/copy"
  mv -f "$root/copy" "$root/sums$path"
  sync "$root/sums$path" 2>/dev/null || sync
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
      real=$(root_file "$path") || exit
      if ! stands "$1"; then printf '${changedMark}%s\\n' "$path"; code=${changedCode}; fi
    done
    exit $code
  }
}
reread() {
  case $1 in *.service | *.service.d/*.conf) systemctl daemon-reload ;; esac
}
is_back() {
  kept_paths "$1" | while IFS= read -r path; do
    real=$(root_file "$path") || exit
    if [ -e "$1/absent$path" ]; then [ ! -e "$real" ] || exit 1; else cmp -s "$real" "$1/before$path" || exit 1; fi
  done
}
`;

/**
 * Files of a machine that are written whole and can be had back byte for byte. What stood there before the first change
 * is kept in a folder of its own for each purpose, with its group, mode and time: `PURPOSE/before/PATH`, or
 * `PURPOSE/absent/PATH` where there was none. `previous/` has the same of what stood there before the last change,
 * whatever that was for, and a file `begun` while machine after machine gets that back. `sums/PATH` is what podtrust
 * wrote last and what stood there before: it reveals a change by another program, which `PURPOSE/edited/PATH`
 * remembers. Each script follows the rule of paths (`rootPathFunctions`) and throws its `host-path-refused`.
 */
export class KeptFiles {
  readonly #machine: ServerMachine;
  readonly #root: string;
  readonly #folder: string;
  /** What each script begins with. */
  readonly #begin: string;

  /** `root`: on the machine; only root may enter it. */
  constructor(machine: ServerMachine, root: string, purpose: "adopt" | "rotate") {
    this.#machine = machine;
    this.#root = root;
    this.#folder = `${root}/${purpose}`;
    // Where these folders lead to may not be there yet.
    this.#begin = `set -eu
umask 077
${rootPathFunctions}${functions}
root=$(root_path ${shellWord(root)})
keep=$root/${purpose}`;
  }

  /**
   * Writes a file whole or not at all: root's, 0600, or 0640 for a group. `change`: what the files are changed to, in one way of writing
   * it: those of one change are put back together. Throws `rotation-elsewhere` where it is not `over` any more.
   */
  async write(
    { path, content, over, group, head }: NewFile,
    change: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    const id = sha256(JSON.stringify(change));
    const script = `${this.#begin}
root=$(root_folder "$root" 0700)
chmod 0700 "$root"
path=${shellWord(path)}
real=$(root_file "$path")
folder=$(root_folder "$(dirname "$real")")
one_at_a_time
${over === undefined ? "" : unlessChanged({ path, text: over })}
new=
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
new=$(root_new "$folder")
cat >"$new"
if [ "$(wc -c <"$new")" -ne ${Buffer.byteLength(content)} ]; then echo 'the connection was lost' >&2; exit 1; fi
${head === undefined ? "" : withFirstKey(head)}
remember "$new"
root_place "$new" "$real" ${group ?? ""}
reread "$real"
`;
    this.#checkSame(await this.#machine.run(`writing ${path}`, script, signal, content), path);
  }

  /** What is kept for this purpose. */
  async state(signal: AbortSignal): Promise<KeptFileState> {
    const script = `${this.#begin}
[ -d "$keep" ] || exit 0
echo as-written
kept_paths "$keep" | while IFS= read -r path; do
  real=$(root_file "$path")
  if ! stands "$keep"; then echo edited; fi
done
`;
    const said = await this.#machine.run("looking for kept files", script, signal);
    if (said === "") return "nothing";
    return said.includes("edited") ? "edited" : "as-written";
  }

  /** The files that are kept for this purpose, those among them that were not there before. */
  async paths(signal: AbortSignal): Promise<readonly string[]> {
    const script = `${this.#begin}
kept_paths "$keep" | while IFS= read -r path; do
  printf 'path %s\\n' "$(printf %s "$path" | base64 -w0)"
done
`;
    return fieldsOf(await this.#machine.run("looking for kept files", script, signal), "path");
  }

  /** Where a file lies as it stood before the first change for this purpose, if it is kept. */
  before(path: string): string {
    return `${this.#folder}/before${path}`;
  }

  /**
   * Puts everything back that is kept for this purpose. `judged`: by what it was decided. Throws `server-file-changed`, and
   * `rotation-elsewhere` where another run has written that since; and has touched nothing then.
   */
  async restore(signal: AbortSignal, judged?: ReadFile): Promise<void> {
    await this.#putBack("$keep", this.#folder, signal, judged);
  }

  /** What stood there before podtrust's last change; undefined where nothing of it is kept. Throws `server-file-changed`. */
  async previous(signal: AbortSignal): Promise<PreviousFiles | undefined> {
    const script = `${this.#begin}
from=$root/previous
[ -d "$from" ] || exit 0
check_stand "$from"
echo kept
if [ -e "$from/${begunFile}" ]; then echo begun; fi
if is_back "$from"; then echo back; fi
`;
    const lines = (await this.#restoring(script, `${this.#root}/previous`, signal)).split("\n");
    if (!lines.includes("kept")) return undefined;
    return { isBegun: lines.includes("begun"), isBack: lines.includes("back") };
  }

  /** Remembers that what stood there before the last change is going to be put back, until that is forgotten. */
  async beginPrevious(signal: AbortSignal): Promise<void> {
    const script = `${this.#begin}
one_at_a_time
begun=$root/previous/${begunFile}
: >"$begun"
sync "$begun" 2>/dev/null || sync
`;
    await this.#machine.run("writing down what begins", script, signal);
  }

  /**
   * Puts back what stood there before podtrust's last change, and gives the paths of what differed. Throws `server-file-changed`,
   * and has touched nothing then.
   */
  restorePrevious(signal: AbortSignal): Promise<readonly string[]> {
    return this.#putBack("$root/previous", `${this.#root}/previous`, signal);
  }

  /** Forgets what was kept for this purpose, and for none what stood there before the last change: a key may be in either. */
  async forget(signal: AbortSignal): Promise<void> {
    const script = `${this.#begin}
one_at_a_time
rm -rf "$keep" "$root/previous"
if [ ! -d "$root/adopt" ] && [ ! -d "$root/rotate" ]; then rm -rf "$root/sums"; rmdir "$root" 2>/dev/null || true; fi
`;
    await this.#machine.run("forgetting kept files", script, signal);
  }

  /** Forgets what stood there before the last change. */
  async forgetPrevious(signal: AbortSignal): Promise<void> {
    const script = `${this.#begin}\none_at_a_time\nrm -rf "$root/previous"\n`;
    await this.#machine.run("forgetting kept files", script, signal);
  }

  /** `from`: its folder as the shell has it; `kept`: the same for sentences. */
  async #putBack(
    from: string,
    kept: string,
    signal: AbortSignal,
    judged?: ReadFile,
  ): Promise<readonly string[]> {
    // Who could read what stood there can again, but nobody else can write to it.
    const script = `${this.#begin}
from=${from}
[ -d "$from" ] || exit 0
one_at_a_time
${judged === undefined ? "" : unlessChanged(judged)}
check_stand "$from"
new=
trap 'rm -f "$new" "$root/paths" "$root/copy"' EXIT
kept_paths "$from" >"$root/paths"
while IFS= read -r path; do
  real=$(root_file "$path")
  if [ -e "$from/absent$path" ]; then
    if [ -e "$real" ]; then rm -f "$real" "$root/sums$path"; reread "$real"; printf '${backMark}%s\\n' "$path"; fi
    continue
  fi
  if cmp -s "$real" "$from/before$path"; then continue; fi
  new=$(root_new "$(dirname "$real")")
  cat "$from/before$path" >"$new"
  touch -r "$from/before$path" "$new"
  remember "$new"
  mode=$(printf %o $((0x$(stat -c %f "$from/before$path") & 0755)))
  root_place "$new" "$real" "$(stat -c %g "$from/before$path")" "$mode"
  reread "$real"
  printf '${backMark}%s\\n' "$path"
done <"$root/paths"
`;
    const said = await this.#restoring(script, kept, signal);
    this.#checkSame(said, judged?.path);
    return marked(said, backMark);
  }

  #checkSame(said: string, path = ""): void {
    if (said.trim() !== elsewhereMark) return;
    throw new PodtrustError(
      "rotation-elsewhere",
      `${this.#machine.text}: ${path} was changed by another run since this one has read it; nothing was written`,
      { detail: { file: path } },
    );
  }

  /** Runs a script that ends with a code of its own if another program has changed what was kept there. */
  async #restoring(script: string, kept: string, signal: AbortSignal): Promise<string> {
    const result = await this.#machine.session.run(script, { timeoutMs: 60_000, signal });
    if (result.code === changedCode) {
      const [file = ""] = marked(result.stdout, changedMark);
      throw new PodtrustError(
        "server-file-changed",
        `${this.#machine.text}: ${file} is not what podtrust wrote last; nothing was put back`,
        { detail: { file, kept: `${kept}/before${file}` } },
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
