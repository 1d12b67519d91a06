import { PodtrustError, shellWord } from "../../core/base/index.ts";
import { type SshTarget, targetText } from "./target.ts";

/** Of a file that is read or replaced, unless a script says otherwise: a manifest or a key has a few kilobytes. */
const maxRootFile = 1024 * 1024;

/** The exit code of a script in which a path was refused; `refusedPath` knows it. */
const refusedCode = 93;
const mark = "podtrust-path";
/** The kernel's own bound (path_resolution(7)). */
const maxLinks = 40;

// Where containers write: in its own folders a pod's root is the machine's root by uid, so that owner and mode say nothing. The kubelet's
// pods/UID/ has volumes, io.containerd.* the disks of containers, pvc-UID is what local volumes are named by their provisioner. /proc,
// /sys and /dev hold no files.
const podFolders = [
  "/proc/*",
  "/sys/*",
  "/dev/*",
  "*/pods/????????-????-????-????-????????????/*",
  "*/io.containerd.*/*",
  "*/pvc-????????-????-????-????-????????????*/*",
  "/var/lib/docker/*",
  "/var/lib/containers/*",
  "/run/containers/*",
];

/**
 * The rule of paths, as functions of a POSIX shell: what a script of ours reads or writes as root, where somebody else might have
 * made a name on the way. Every name of a path, links among them, before and after they are followed, belongs to root and nobody
 * else may write to it; then the path that they lead to is used. So a folder that root's own link moved to another disk works.
 *
 * Each is called as a statement of its own or as `real=$(root_file "$path")` under `set -e`: a refusal ends the script with a code
 * that `stepFailure` knows. In a condition, a pipe or a list (`if`, `|`, `&&`) it would not.
 *
 * - `root_path PATH` prints where a path leads, which may be to nothing yet.
 * - `root_file PATH [UID [BYTES]]` the same for a file to read or to replace: an ordinary one with one name and at most BYTES bytes, or
 *   none yet. It may belong to UID instead of root, while its folder may not.
 * - `root_folder PATH [MODE]` the same for a folder, which is made where there is none.
 * - `root_new FOLDER` prints an empty file of root's in such a folder, 0600, made exclusively; it takes away what an interrupted run
 *   left. Its name has a leading dot, which neither a kubelet nor k3s reads.
 * - `root_readable FILE UID "GID…"` refuses where a process of that user and those groups could not read it, by the bits of the file and of
 *   the folder in which a pod sees it.
 * - `root_place NEW FILE [GID [MODE]]` puts it in place of FILE as `root_file` printed that: 0600, with a group 0640. MODE is for what is put
 *   back as root had it.
 *
 * Between look and use nobody but root can put another file in a path's place, since only root may write to any folder of it: a
 * tenant can neither rename, link nor mount there. What remains is root itself: another program of root's that moves a folder in
 * that moment, and a container that root gave such a folder to write in.
 *
 * ACLs: the group bits of a file with an ACL are its mask, above which no entry counts (acl(5)). So the mode says whether anybody
 * else may write, also where there is no getfacl and ls shows no `+`, as BusyBox's. A folder's default ACL makes the umask void: a
 * file that has any right under umask 0777 was made in such a folder, and is refused, for with a group's right its entries would count.
 */
export const rootPathFunctions: string = `
refuse_path() { printf '${mark} %s %s %s\\n' "$1" "$2" "$(printf %s "$3" | base64 -w0)" >&2; exit ${refusedCode}; }
root_alone() {
  case $1/ in ${podFolders.join(" | ")}) refuse_path pod 0 "$1" ;; esac
  # shellcheck disable=SC2046
  set -- "$1" "$2" $(stat -c '%u %f' "$1")
  if [ "\${3:-}" != 0 ] && [ "\${3:-}" != "$2" ]; then refuse_path owner "\${3:-gone}" "$1"; fi
  if [ $((0x$4 & 022)) -ne 0 ]; then refuse_path mode "$(printf %04o $((0x$4 & 07777)))" "$1"; fi
}
root_path() (
  case $1 in *'
'*) refuse_path form 0 "$1" ;; /*) ;; *) refuse_path form 0 "$1" ;; esac
  at=/ rest=$1 links=0
  root_alone / 0
  while [ -n "$rest" ]; do
    name=\${rest%%/*}
    case $rest in */*) rest=\${rest#*/} ;; *) rest= ;; esac
    case $name in '' | .) continue ;; ..) at=$(dirname "$at"); continue ;; esac
    next=\${at%/}/$name
    if [ -L "$next" ]; then
      # The mode of a link says nothing.
      case $(stat -c %u "$next") in 0) ;; *) refuse_path owner "$(stat -c %u "$next")" "$next" ;; esac
      links=$((links + 1))
      if [ "$links" -gt ${maxLinks} ]; then refuse_path links "$links" "$1"; fi
      leads=$(readlink "$next") || refuse_path owner gone "$next"
      case $leads in *'
'*) refuse_path form 0 "$next" ;; /*) at=/ ;; esac
      rest=$leads/$rest
      continue
    fi
    if [ ! -e "$next" ]; then
      case /$rest/ in */../*) refuse_path form 0 "$1" ;; esac
      case $next/$rest/ in ${podFolders.join(" | ")}) refuse_path pod 0 "$next" ;; esac
      while :; do case $rest in */) rest=\${rest%/} ;; *) break ;; esac; done
      printf '%s\\n' "$next\${rest:+/$rest}"
      exit 0
    fi
    if [ -d "$next" ]; then root_alone "$next" 0; else root_alone "$next" "\${2:-0}"; fi
    at=$next
  done
  printf '%s\\n' "$at"
)
root_file() (
  real=$(root_path "$1" "\${2:-0}") || exit
  if [ -e "$real" ]; then
    [ -f "$real" ] || refuse_path kind "$(stat -c %F "$real" | tr ' ' -)" "$real"
    # shellcheck disable=SC2046
    set -- "$real" "\${3:-${maxRootFile}}" $(stat -c '%h %s' "$real")
    [ "$3" = 1 ] || refuse_path names "$3" "$1"
    [ "$4" -le "$2" ] || refuse_path size "$2" "$1"
  fi
  printf '%s\\n' "$real"
)
root_folder() (
  real=$(root_path "$1") || exit
  if [ ! -e "$real" ]; then
    (umask 022; mkdir -p "$real") || exit
    chmod "\${2:-0755}" "$real" || exit
    real=$(root_path "$real") || exit
  fi
  [ -d "$real" ] || refuse_path kind "$(stat -c %F "$real" | tr ' ' -)" "$real"
  printf '%s\\n' "$real"
)
root_new() (
  rm -f "$1"/.podtrust-new.*
  new=$(umask 0777; mktemp "$1/.podtrust-new.XXXXXX") || exit
  case $(stat -c '%u %a' "$new") in '0 0') ;; *) rm -f "$new"; refuse_path acl 0 "$1" ;; esac
  chmod 0600 "$new" || exit
  printf '%s\\n' "$new"
)
root_readable() (
  groups=" $3 " uid=$2
  for one in "$(dirname "$1")" "$1"; do
    # shellcheck disable=SC2046
    set -- $(stat -c '%u %g %f' "$one")
    bits=$((0x$3))
    if [ "$1" = "$uid" ]; then bits=$((bits >> 6))
    else case $groups in *" $2 "*) bits=$((bits >> 3)) ;; esac; fi
    if [ -d "$one" ]; then needed=1; else needed=4; fi
    if [ "$uid" != 0 ] && [ $((bits & needed)) -eq 0 ]; then refuse_path unread "$uid" "$one"; fi
  done
)
root_place() {
  chown "0:\${3:-0}" "$1"
  if [ -n "\${4:-}" ]; then chmod "$4" "$1"; elif [ -n "\${3:-}" ]; then chmod 0640 "$1"; fi
  sync "$1" 2>/dev/null || sync
  mv -f "$1" "$2"
}
`;

type Reason = "acl" | "form" | "kind" | "links" | "mode" | "names" | "owner" | "pod" | "size" | "unread";

interface Sentence {
  /** What stands behind the path. */
  readonly is: (value: string) => string;
  readonly next: (path: string) => string;
}

const other = "Name another path, or look at who made this one.";
const madeBy = (path: string): string => `Look at who made it (ls -ld ${path})`;

const sentences: Readonly<Record<Reason, Sentence>> = {
  owner: {
    is: (uid) =>
      uid === "gone" ? "went away while it was looked at" : `belongs to user ${uid}, not to root`,
    next: (path) => `${madeBy(path)}. If it is to be root's: chown -h root ${path}.`,
  },
  mode: {
    is: (mode) => `has mode ${mode}: others than root can write to it`,
    next: (path) => `${madeBy(path)}, then take that right: chmod go-w ${path}.`,
  },
  acl: {
    is: () => "gives others rights in what is made there, by a default ACL",
    next: (path) => `Look at getfacl ${path}, then take it away: setfacl -k ${path}.`,
  },
  pod: { is: () => "lies where pods write, so that its owner says nothing", next: () => other },
  form: { is: () => "is no absolute path of names that are there", next: () => other },
  links: { is: () => `leads over more than ${maxLinks} symbolic links`, next: () => other },
  kind: {
    is: (kind) => `is a ${kind.replaceAll("-", " ")}, and no ordinary file or folder`,
    next: () => other,
  },
  names: {
    is: (count) => `has ${count} names (hard links)`,
    next: (path) => `${madeBy(path)}. A copy in its place has one: cp -p, then mv.`,
  },
  size: { is: (bytes) => `is larger than ${bytes} bytes`, next: () => other },
  unread: {
    is: (uid) => `cannot be read by user ${uid}, as whom the API server runs`,
    next: (path) => `Look at its group and mode (ls -ld ${path}), and at the manifest's securityContext.`,
  },
};

const isReason = (word: string): word is Reason => Object.hasOwn(sentences, word);

/** The error of a script that refused a path by the rule: `host-path-refused`; undefined where it ended otherwise. */
export function refusedPath(
  target: SshTarget,
  { code, stderr }: { readonly code: number; readonly stderr: string },
): PodtrustError | undefined {
  if (code !== refusedCode) return undefined;
  const line = stderr.split("\n").find((each) => each.startsWith(`${mark} `)) ?? "";
  const [, reason = "", value = "", encoded = ""] = line.split(" ");
  if (!isReason(reason)) return undefined;
  const path = Buffer.from(encoded, "base64").toString("utf8");
  const { is, next } = sentences[reason];
  return new PodtrustError(
    "host-path-refused",
    `${targetText(target)}: ${path} ${is(value)}; as root nothing is read or written there`,
    { next: next(shellWord(path)), detail: { path, reason } },
  );
}
