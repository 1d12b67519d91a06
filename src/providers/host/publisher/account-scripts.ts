import { dirname } from "node:path";
import { shellWord } from "../../../core/base/index.ts";
import { accountsFolder, type HostLayout } from "./layout.ts";

// Of one file; the longest, documents of a hundred keys, is a tenth of this.
const maxBytes = 1024 * 1024;
/** The mark of the records, in the publisher's state folder. */
const mark = "owner";
const folder = shellWord(accountsFolder);

/** Runs a script in the state folder as the user that it belongs to, which is root until the service first started. */
function asOwner(script: string, words: readonly string[] = []): string {
  const run = ["sh", "-c", shellWord(script), "sh", ...words].join(" ");
  return `owner=$(stat -c '%u:%g' .)
case $owner in
  0:*) exec ${run} ;;
  *) exec setpriv --reuid="\${owner%:*}" --regid="\${owner#*:}" --clear-groups ${run} ;;
esac
`;
}

/** A script for a state folder that may not exist, and then prints nothing. */
const inState = ({ state }: HostLayout, script: string): string =>
  `[ -d ${shellWord(state)} ] || exit 0\ncd ${shellWord(state)}\n${script}`;

/**
 * Prints `owner BASE64`, what marks the records or else the publisher, `marked` where they have a mark of their own, and
 * each record as `record NAME BASE64`.
 */
export function inspectScript(layout: HostLayout): string {
  const look = asOwner(
    `set -u
if [ -f ${mark} ]; then echo marked; echo "owner $(base64 -w0 <${mark})"
elif [ -n "$1" ]; then echo "owner $1"; fi
for record in ${folder}/*.json; do
  # A record is a thousandth of this.
  [ ! -f "$record" ] || echo "record \${record##*/} $(head -c 1000000 "$record" | base64 -w0)"
done`,
    ['"$publisher"'],
  );
  return `set -eu
publisher=
[ ! -f ${shellWord(layout.owner)} ] || publisher=$(base64 -w0 <${shellWord(layout.owner)})
${inState(layout, look)}`;
}

/** Prints `record BASE64` of a file by its path in the state folder, or nothing where there is none. */
export function readScript(layout: HostLayout, path: string): string {
  const read = asOwner(
    `set -eu
[ -f "$1" ] || exit 0
echo "record $(head -c ${maxBytes} "$1" | base64 -w0)"`,
    [shellWord(path)],
  );
  return `set -eu\n${inState(layout, read)}`;
}

/** Removes a file, by its path in the state folder. */
export function removeFileScript(layout: HostLayout, path: string): string {
  return `set -eu\n${inState(layout, asOwner('rm -f "$1"', [shellWord(path)]))}`;
}

/**
 * Puts standard input, of so many bytes, in the place of a file by its path in the state folder, or with `isNew` makes
 * it one: in one step, also after a loss of power. Prints `written`, or `stands` where a new one was to be made and one
 * exists. systemd gives a folder of root's to the service's user when it starts the service.
 */
export function writeScript(
  layout: HostLayout,
  spec: { readonly path: string; readonly size: number; readonly mark: string; readonly isNew: boolean },
): string {
  const [state, above] = [shellWord(layout.state), shellWord(dirname(layout.state))];
  const write = asOwner(
    `set -eu
umask 077
# A shell's own printf does not say that a disk is full. Two runs may write the mark at once.
if [ ! -f ${mark} ]; then
  marked=$(mktemp ${mark}.new-XXXXXX)
  if ! env printf '%s\\n' "$3" >"$marked"; then rm -f "$marked"; exit 1; fi
  mv -f "$marked" ${mark}
fi
record=./$1
folder=$(dirname "$record")
mkdir -p "$folder"
# What was cut off the hard way.
find "$folder" -maxdepth 1 -name '.new-*' -mmin +60 -delete
new=$(mktemp "$folder"/.new-XXXXXX)
trap 'rm -f "$new"' EXIT
cat >"$new"
if [ "$(wc -c <"$new")" -ne "$2" ]; then echo 'the connection was lost' >&2; exit 1; fi
sync "$new" 2>/dev/null || sync
if [ "$4" != new ]; then mv -f "$new" "$record"
elif ! ln "$new" "$record" 2>/dev/null; then
  if [ -e "$record" ]; then echo stands; exit 0; fi
  ln "$new" "$record"
fi
sync "$folder" 2>/dev/null || sync
echo written`,
    [shellWord(spec.path), String(spec.size), shellWord(spec.mark), spec.isNew ? "new" : "any"],
  );
  return `set -eu
if [ ! -d ${state} ]; then
  [ -d ${above} ] || mkdir -m 0700 ${above}
  [ -d ${state} ] || mkdir -m 0700 ${state} || [ -d ${state} ]
fi
cd ${state}
${write}`;
}

/** Removes the records and their mark, and the state folder where nothing else is in it. */
export function deleteScript(layout: HostLayout): string {
  const remove = asOwner(`set -u
rm -rf ${folder}
rmdir ${shellWord(dirname(accountsFolder))} 2>/dev/null
# The mark goes last: what is cut off before is found again.
rm -f ${mark} ${mark}.new.*`);
  return `set -eu
[ -d ${shellWord(layout.state)} ] || exit 0
(cd ${shellWord(layout.state)}
${remove})
rmdir ${shellWord(layout.state)} 2>/dev/null || true
`;
}
