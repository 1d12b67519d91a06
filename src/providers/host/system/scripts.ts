import { shellWord } from "../../../core/base/index.ts";
import { aptFunction, installScript, lackingFunction } from "../apt.ts";
import { roomFunction } from "../room.ts";

/** The mark of the machine's owner. */
export const markPath = "/etc/podtrust/machine";
/** Read early among sshd's drop-ins: of several values the first counts. */
export const sshdPath = "/etc/ssh/sshd_config.d/10-podtrust.conf";
/** The host key that is about to take the place of the first one. */
const nextKey = "/etc/ssh/podtrust_next_host_ed25519_key";
const hostKey = "/etc/ssh/ssh_host_ed25519_key";
/** Has the fingerprint of the key that took its place. */
const rotatedPath = "/var/lib/podtrust/host-key";
const upgradedPath = "/var/lib/podtrust/upgraded";
export const aptPath = "/etc/apt/apt.conf.d/52podtrust";

/** What upgrades security by itself, and what the publisher and k3s need. */
const neededPackages = ["unattended-upgrades", "ca-certificates", "curl", "libatomic1", "bash-completion"];

/** Reads the present state of the system, and changes nothing. Answers in lines of `KEY VALUE`. */
export const systemScript = `set -eu
say() { printf '%s %s\\n' "$1" "$2"; }
${roomFunction}
${lackingFunction}
for folder in /etc /usr /var; do room "$folder"; done
say os "$(sed -n 's/^ID=//p' /etc/os-release | tr -d '"')"
say release "$(sed -n 's/^VERSION_ID=//p' /etc/os-release | tr -d '"')"
say boot "$(cat /proc/sys/kernel/random/boot_id)"
say clock "$(date +%s)"
if [ -f ${markPath} ]; then say mark "$(base64 -w0 <${markPath})"; fi
if command -v cloud-init >/dev/null; then
  say first-boot "$(cloud-init status 2>/dev/null | sed -n 's/^status: //p')"
fi
if command -v apt-get >/dev/null; then
  say apt yes
  say lacks "$(lacking ${neededPackages.join(" ")})"
  say unattended "$(apt-config dump APT::Periodic::Unattended-Upgrade 2>/dev/null | sed -n 's/.* "\\(.*\\)";/\\1/p')"
fi
sshd -T 2>/dev/null | grep -E '^(permitrootlogin|passwordauthentication|kbdinteractiveauthentication) ' || true
if [ -f ${upgradedPath} ]; then say upgraded yes; fi
if [ -f /run/reboot-required ] || [ -f /var/run/reboot-required ]; then say reboot yes; fi
if [ -f ${rotatedPath} ]; then say host-key "$(cat ${rotatedPath})"; fi
`;

/** cloud-init's state of the first boot: `running`, `done`, `error`, or `absent`. */
export const firstBootScript = `set -eu
if ! command -v cloud-init >/dev/null; then echo absent; exit 0; fi
state=$(cloud-init status 2>/dev/null | sed -n 's/^status: //p')
printf '%s\\n' "\${state:-unknown}"
`;

export const firstBootTail = "set -eu\ntail -n 20 /var/log/cloud-init-output.log | cut -c 1-400\n";

/** Makes the next host key where it does not exist yet, and prints its public half. */
export const nextKeyScript = `set -eu
if [ ! -f ${nextKey}.pub ]; then
  rm -f ${nextKey}
  ssh-keygen -q -t ed25519 -N '' -C '' -f ${nextKey}
fi
cat ${nextKey}.pub
`;

/** sshd's service, which Debian calls ssh and others sshd. */
const reload = `sshd -t
systemctl reload ssh 2>/dev/null || systemctl reload sshd
`;

/** Prints the public half of the host key in use. */
export const shownKeyScript = `set -eu\ncat ${hostKey}.pub\n`;

/**
 * Puts the next host key in place of all that were there. The next one is removed last: after an interrupted run the
 * same key is used again, since it is remembered by now.
 */
export function rotateScript(fingerprint: string): string {
  return `set -eu
if [ -f ${nextKey} ]; then
  cp -p ${nextKey} ${hostKey}
  cp -p ${nextKey}.pub ${hostKey}.pub
  for other in rsa ecdsa dsa; do rm -f "/etc/ssh/ssh_host_\${other}_key" "/etc/ssh/ssh_host_\${other}_key.pub"; done
  ${reload.trim().replaceAll("\n", "\n  ")}
fi
mkdir -p /var/lib/podtrust
printf '%s\\n' ${shellWord(fingerprint)} >${rotatedPath}
rm -f ${nextKey} ${nextKey}.pub
`;
}

/** Makes sshd reload its files, once it accepts them. */
export const reloadScript = `set -eu
${reload}`;

/** Installs what the machine lacks, and starts what upgrades security. */
export function packagesScript(lacks: readonly string[]): string {
  const install = lacks.length === 0 ? "" : `${installScript(lacks)}\n`;
  return `set -eu
${install}systemctl enable --now unattended-upgrades >/dev/null 2>&1 || true
`;
}

/** Upgrades every package, once, keeping config files as they are. */
export const upgradeScript = `set -eu
${aptFunction}
apt update
apt -y -o Dpkg::Options::=--force-confold dist-upgrade
`;

export const upgradedScript = `set -eu
mkdir -p /var/lib/podtrust
: >${upgradedPath}
`;

export const rebootScript = "set -eu\nsystemctl reboot --no-block\n";

/** Lets the clock be set from the network. */
export const clockScript = "set -eu\ntimedatectl set-ntp true\n";

/** Removes what is podtrust's own; packages stay. */
export const forgetScript = `set -eu
rm -f ${sshdPath} ${aptPath} ${markPath}
rm -rf /var/lib/podtrust
rmdir /etc/podtrust 2>/dev/null || true
${reload}`;
