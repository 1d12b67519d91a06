import { shellWord } from "../../../core/base/index.ts";
import { installScript } from "../apt.ts";
import { type HostLayout, secretsGroup, unitNames } from "./layout.ts";

const { publisher: service, token, timer } = unitNames;
const words = (list: readonly string[]): string => list.map(shellWord).join(" ");

/** All units, whether this publisher has them or not. */
const everyUnit = Object.values(unitNames);

/**
 * Prints what there is, a `KEY VALUE…` a line: a file's sum as `file PATH SHA256 MODE`, a unit as
 * `unit NAME ACTIVE ENABLED`, texts in base64.
 */
export function inspectScript(layout: HostLayout, paths: readonly string[]): string {
  return `set -u
home=${shellWord(layout.home)}
echo "arch $(uname -m)"
echo "zstd $(zstd -V >/dev/null 2>&1 && echo yes || echo no)"
[ ! -f "$home/owner" ] || echo "owner $(base64 -w0 <"$home/owner")"
for link in current previous; do
  [ ! -L "$home/$link" ] || echo "$link $(basename "$(readlink "$home/$link")")"
done
for program in "$home"/versions/*/podtrust-publisher; do
  [ ! -f "$program" ] || echo "program $(basename "$(dirname "$program")") $(sha256sum <"$program" | cut -d' ' -f1)"
done
for file in ${words(paths)} ${shellWord(layout.files)}/*; do
  # What has a space in its name is none of ours.
  case $file in *' '*) continue ;; esac
  [ ! -f "$file" ] || echo "file $file $(sha256sum <"$file" | cut -d' ' -f1) $(stat -c '%a %U:%G' "$file")"
done
for unit in ${words(everyUnit)}; do
  [ ! -f ${shellWord(layout.units)}/"$unit" ] || echo "unit $unit $(systemctl is-active "$unit") $(systemctl is-enabled "$unit" 2>/dev/null)"
done
[ ! -f ${changing(layout)} ] || echo "changing yes"
${statusLine(layout)}
`;
}

function statusLine({ program, state }: HostLayout): string {
  const ask = `timeout 10 ${shellWord(program)} rotate status --json --state ${shellWord(state)}`;
  return `[ ! -x ${shellWord(program)} ] || echo "status $(${ask} 2>/dev/null | base64 -w0)"`;
}

/** The running publisher's own status, in the form of `inspectScript`. */
export function statusScript(layout: HostLayout): string {
  return `${statusLine(layout)}\n`;
}

/** Folders, group and mark: the first of all, so that an interrupted run finds its own. */
export function prepareScript(layout: HostLayout, owner: string): string {
  return `set -eu
umask 022
mkdir -p ${words([layout.versions, layout.files, layout.units])}
printf '%s\\n' ${shellWord(owner)} >${shellWord(layout.owner)}
getent group ${secretsGroup} >/dev/null || groupadd --system ${secretsGroup}
if ldconfig -p 2>/dev/null | grep -q 'libatomic\\.so\\.1'; then :
elif command -v apt-get >/dev/null; then
  # What Node is linked with, and a small Debian does not have.
${installScript(["libatomic1"])}
fi
`;
}

/**
 * Reads a compressed program from standard input, and makes it the version `name` once it is whole and runs. Two at
 * once do not conflict: the first that finishes is kept.
 */
export function unpackScript(
  layout: HostLayout,
  { name, sum, by }: { readonly name: string; readonly sum: string; readonly by: "zstd" | "gzip" },
): string {
  const folder = shellWord(`${layout.versions}/${name}`);
  return `set -eu
umask 022
sum() { sha256sum <"$1/podtrust-publisher" 2>/dev/null | cut -d' ' -f1; }
new=$(mktemp -d ${shellWord(layout.versions)}/.new-XXXXXX)
trap 'rm -rf "$new"' EXIT
${by} -dc >"$new/podtrust-publisher"
found=$(sum "$new")
if [ "$found" != ${sum} ]; then echo "its SHA-256 is $found, and not ${sum}" >&2; exit 1; fi
chmod 0755 "$new" "$new/podtrust-publisher"
"$new/podtrust-publisher" --version
sync "$new/podtrust-publisher" 2>/dev/null || sync
if [ "$(sum ${folder})" != ${sum} ]; then
  rm -rf ${folder}
  mv -T "$new" ${folder}
fi
`;
}

/** Makes a version the current one in one step; what was current is the previous one from then on. */
export function switchScript(layout: HostLayout, name: string): string {
  return `set -eu
cd ${shellWord(layout.home)}
[ -x versions/${shellWord(name)}/podtrust-publisher ]
before=$(readlink current || true)
[ "$before" != versions/${shellWord(name)} ] || exit 0
if [ -n "$before" ]; then ln -sfn "$before" previous.new && mv -Tf previous.new previous; fi
${link(name, "current")}
`;
}

/**
 * Removes versions that are neither current nor previous, what was left of an installation that was cut off, and files
 * that the config no longer names.
 */
export function tidyScript(layout: HostLayout, surplus: readonly string[]): string {
  return `set -eu
rm -f ${words(surplus)}
cd ${shellWord(layout.home)}
for folder in versions/*; do
  case $folder in "$(readlink current)" | "$(readlink previous || true)") ;; *) rm -rf "$folder" ;; esac
done
find versions -maxdepth 1 -name '.new-*' -mmin +60 -exec rm -rf {} +
rm -f ${changing(layout)}
`;
}

/** Makes systemd reload its units, and starts those that start with the machine, except the service itself. */
export function unitsScript(enabled: readonly string[], changedSockets: readonly string[]): string {
  const others = enabled.filter((unit) => unit !== service);
  const sockets =
    changedSockets.length === 0 ? "" : `systemctl stop ${words([service, ...changedSockets])}\n`;
  return `set -eu
systemctl daemon-reload
${sockets}systemctl enable ${service}
systemctl enable --now ${words(others)}
`;
}

/** Makes the token, which needs the cluster's API. */
export const tokenScript = `systemctl start ${token}\n`;

/** Restarts the service behind its sockets; returns when it says that it is ready. */
export const restartScript = `systemctl reset-failed ${service} 2>/dev/null || true\nsystemctl restart ${service}\n`;

/** Stops the service where it is installed, and prints `stopped` then; its sockets keep listening. */
export function stopScript({ units }: HostLayout): string {
  return `set -eu
[ -f ${shellWord(units)}/${service} ] || exit 0
systemctl stop ${service}
echo stopped
`;
}

/** The end of a unit's log. */
export function logScript(unit: string): string {
  return `journalctl -u ${shellWord(unit)} -n 20 --no-pager -o cat\n`;
}

/** Exists from before a change until that is complete, or undone. */
const changing = ({ config }: HostLayout): string => shellWord(`${config}.changing`);

/** Keeps the config that the running version has. */
export function keepConfigScript({ config }: HostLayout): string {
  const [from, to] = [shellWord(config), shellWord(`${config}.previous`)];
  return `if [ -f ${from} ]; then cp -p ${from} ${to}; else rm -f ${to}; fi\n`;
}

/**
 * Keeps the config that the running version has, and remembers that a change has begun: a run that continues an
 * interrupted one finds the config changed already, but the old process still running.
 */
export function beginScript(layout: HostLayout): string {
  return `if [ ! -f ${changing(layout)} ]; then
  ${keepConfigScript(layout).trim()}
  : >${changing(layout)}
fi
`;
}

/** Makes what ran before current again, with its config; the version that failed goes. */
export function backScript(layout: HostLayout, name: string, previous: string | undefined): string {
  const [config, kept] = [shellWord(layout.config), shellWord(`${layout.config}.previous`)];
  const before = previous === undefined ? "rm -f previous" : link(previous, "previous");
  return `set -eu
cd ${shellWord(layout.home)}
if [ -f ${kept} ]; then cp -p ${kept} ${config}; fi
${link(name, "current")}
${before}
rm -f ${changing(layout)}
`;
}

function link(name: string, as: string): string {
  return `ln -sfn versions/${shellWord(name)} ${as}.new && mv -Tf ${as}.new ${as}`;
}

/** Removes units that are no longer wanted. */
export function dropUnitsScript(layout: HostLayout, units: readonly string[]): string {
  const files = units.map((unit) => `${layout.units}/${unit}`);
  return `systemctl disable --now ${words(units)} 2>/dev/null || true\nrm -f ${words(files)}\n`;
}

/** Removes all of it. */
export function removeScript(layout: HostLayout): string {
  const files = everyUnit.map((unit) => `${layout.units}/${unit}`);
  const shown = layout.state.replace("/private/", "/");
  return `set -u
systemctl disable --now ${words([timer, unitNames.https, unitNames.http, service, token])} 2>/dev/null
rm -f ${words([...files, layout.config, `${layout.config}.previous`])} ${changing(layout)}
systemctl daemon-reload
rm -rf ${words([layout.files, layout.credentials, layout.state, shown])}
# The mark goes last: what is cut off before is found again.
rm -rf ${words([layout.home])}
groupdel ${secretsGroup} 2>/dev/null
rmdir ${shellWord(layout.etc)} "$(dirname ${shellWord(layout.home)})" 2>/dev/null
exit 0
`;
}
