import { shellWord } from "../../core/base/index.ts";

/** How long a step waits for other runs of apt, in seconds: an image's own first upgrade takes minutes. */
const lockSeconds = 600;

/** Milliseconds for a script that installs packages, with its waits. */
export const aptTimeoutMs = 20 * 60_000;

/** Shell: a function that prints those of its packages that are not installed; one that was removed is none. */
export const lackingFunction = `lacking() {
  for package; do
    dpkg-query -W -f '\${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || printf '%s ' "$package"
  done
}`;

/**
 * Shell: `apt WORD…`, which waits while another run has one of apt's locks. apt's own DPkg::Lock::Timeout (apt.conf(5))
 * is for dpkg's alone, and then does not say who had it: the locks of the lists and of the archives, which apt-daily
 * takes after each boot, end it at once (apt 2.6.1, tried).
 */
export const aptFunction = `apt() {
  said=$(mktemp)
  read -r up _ </proc/uptime
  end=$((\${up%.*} + ${lockSeconds}))
  until LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" >/dev/null 2>"$said"; do
    read -r up _ </proc/uptime
    if [ "\${up%.*}" -ge "$end" ] || ! grep -q 'Could not get lock' "$said"; then
      cat "$said" >&2
      rm -f "$said"
      return 1
    fi
    sleep 1
  done
  rm -f "$said"
}`;

/** Shell: installs packages, and nothing that they only recommend. */
export function installScript(packages: readonly string[]): string {
  return `${aptFunction}
apt update
apt -y install --no-install-recommends ${packages.map(shellWord).join(" ")}`;
}
