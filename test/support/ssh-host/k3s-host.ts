import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { busctl } from "./busctl.ts";
import type { SshHost } from "./ssh-host.ts";

const unitStandIn = `'${process.execPath}' '${fileURLToPath(new URL("unit-stand-in.ts", import.meta.url))}'`;
const standIn = `'${process.execPath}' '${fileURLToPath(new URL("k3s-stand-in.ts", import.meta.url))}'`;

/** k3s's binary, as far as a host asks it; a pinned release for the tests. */
export const k3sProgram = (version: string, bytes = 0): string => `#!/bin/sh
# stand-in for k3s ${version}
case "$*" in
  --version) echo 'k3s version ${version} (0123abcd)' ;;
  'kubectl get --raw /readyz') cat /run/stand-in/readyz 2>/dev/null || echo ok ;;
  'kubectl get --raw /.well-known/openid-configuration') cat /run/stand-in/discovery ;;
  'kubectl get --raw /openid/v1/jwks') cat /run/stand-in/jwks ;;
  'kubectl create token default --namespace kube-system --duration 10m') cat /run/stand-in/token ;;
  'kubectl get nodes '*) cat /run/stand-in/node 2>/dev/null || echo 'True kubelet is posting ready status' ;;
  'certificate rotate-ca '*) shift 2; exec ${standIn} rotate-ca "$@" ;;
  'kubectl completion bash') echo 'complete -F __start_kubectl kubectl' ;;
  *) echo "stand-in k3s does not know: $*" >&2; exit 1 ;;
esac
exit
${"#".repeat(bytes)}
`;

export const sha256 = (content: string | Buffer): string =>
  createHash("sha256").update(content).digest("hex");

/** Starts it with the words of its unit (`unitOf`). */
const k3sStart = `sed 's/^/"/; s/$/"/' /run/stand-in/words 2>/dev/null | xargs ${standIn} start /run/stand-in/journal`;

// A start has an ID, a time in microseconds and a journal of its own.
const newStart = `date +%s%N >/run/stand-in/invocation
    date +%s%6N >/run/stand-in/began
    : >/run/stand-in/journal`;

// What systemd and its journal say of k3s, and a list of what was asked of them.
const systemctl = `
if [ "$1" = reload ]; then echo reload >/run/ask-host; sleep 0.3; exit 0; fi
if [ "$1" = reboot ]; then
  rm -f /run/reboot-required
  cat /proc/sys/kernel/random/uuid >/run/stand-in/boot-id.new
  mv /run/stand-in/boot-id.new /run/stand-in/boot-id
  echo reboot >/run/ask-host
  # As a machine may: the connection is lost before the answer comes.
  sleep 5
fi
echo "systemctl $*" >>/run/stand-in/calls
case "$*" in
  'is-active k3s') cat /run/stand-in/active 2>/dev/null || { echo inactive; exit 3; } ;;
  'show -p InvocationID --value k3s') cat /run/stand-in/invocation 2>/dev/null || true ;;
  daemon-reload) if [ -e /etc/systemd/system/k3s.service ]; then ${unitStandIn} reload; fi ;;
  'stop k3s' | 'disable --now k3s') rm -f /run/stand-in/active ;;
  'start k3s --no-block')
    test -x /usr/local/bin/k3s || exit 1
    echo active >/run/stand-in/active
    ${newStart}
    cat /usr/local/bin/k3s /etc/rancher/k3s/config.yaml.d/*.yaml | sha256sum >/run/stand-in/started
    ${k3sStart} || echo activating >/run/stand-in/active ;;
  'restart --no-block k3s.service')
    ${newStart}
    if ${k3sStart}; then echo active; else echo activating; fi >/run/stand-in/active ;;
esac
`;

const journalctl = `
if [ -f /run/stand-in/journal ]; then cat /run/stand-in/journal; fi
`;

/** Programs that would touch the machine that the tests run on, or are not on it. */
const others: Readonly<Record<string, string>> = {
  systemctl,
  journalctl,
  pgrep: "exit 1",
  ip: 'echo "ip $*" >>/run/stand-in/calls; case "$*" in "link show cilium_host" | "link delete cilium_host") ;; *) exit 1 ;; esac',
  "iptables-save": "exit 0",
  "ip6tables-save": "exit 0",
  umount: "exit 0",
  sshd: `
value() {
  found=$(cat /etc/ssh/sshd_config.d/*.conf /etc/ssh/sshd_config 2>/dev/null | grep -i "^$1 " | head -n 1 | cut -d' ' -f2)
  printf '%s %s\\n' "$(printf %s "$1" | tr A-Z a-z)" "\${found:-$2}"
}
if [ "$1" = -T ]; then
  value PermitRootLogin prohibit-password
  value PasswordAuthentication yes
  value KbdInteractiveAuthentication no
fi`,
  "dpkg-query": `
for package; do :; done
if grep -qx "$package" /run/stand-in/packages 2>/dev/null; then echo installed; fi`,
  "apt-config": "grep -h Unattended-Upgrade /etc/apt/apt.conf.d/* 2>/dev/null",
  "apt-get": `
echo "apt-get $*" >>/run/stand-in/calls
case "$*" in
  *' install '*) printf '%s\\n' "$@" >>/run/stand-in/packages ;;
  *dist-upgrade*) touch /run/reboot-required ;;
esac`,
  timedatectl: "rm -f /run/stand-in/clock",
  date: 'if [ -f /run/stand-in/clock ] && [ "$1" = +%s ]; then cat /run/stand-in/clock; else exec /bin/date "$@"; fi',
  "cloud-init": `
count=$(cat /run/stand-in/first-boot 2>/dev/null || echo 0)
if [ "$count" -gt 0 ]; then echo $((count - 1)) >/run/stand-in/first-boot; echo "status: running"; else echo "status: done"; fi`,
};

/** Makes a host one on which k3s can be set up. */
export async function standInForK3s(host: SshHost): Promise<void> {
  await mkdir(`${host.root}/run/stand-in`, { recursive: true });
  await writeFile(`${host.root}/etc/os-release`, 'ID=debian\nVERSION_ID="12"\n');
  for (const [name, script] of Object.entries(others)) {
    await host.program(name, `mkdir -p /run/stand-in\n${script}`);
  }
  await startK3sWith(host, []);
}

/** Has its unit start k3s with these words behind `k3s server`, from the next start on. */
export async function startK3sWith(host: SshHost, words: readonly string[]): Promise<void> {
  await mkdir(`${host.root}/run/stand-in`, { recursive: true });
  await writeFile(`${host.root}/run/stand-in/words`, words.map((word) => `${word}\n`).join(""));
  await host.program("busctl", busctl({ "k3s.service": ["/usr/local/bin/k3s", "server", ...words] }));
}

/**
 * The unit of k3s' server as its install.sh writes it for `curl … | sh -s - server WORD…`. Source: create_systemd_service_file, quote and
 * quote_indent of install.sh, read in the copy of commit 0136cf25.
 */
export function installedUnit(words: readonly string[]): string {
  const quoted = words.map((word) => `\t'${word.replaceAll("'", String.raw`'\''`)}' \\\n`);
  return `[Unit]
Description=Lightweight Kubernetes
Documentation=https://k3s.io
Wants=network-online.target
After=network-online.target

[Install]
WantedBy=multi-user.target

[Service]
Type=notify
EnvironmentFile=-/etc/default/%N
EnvironmentFile=-/etc/sysconfig/%N
EnvironmentFile=-/etc/systemd/system/k3s.service.env
KillMode=process
Delegate=yes
User=root
LimitNOFILE=1048576
TimeoutStartSec=0
Restart=always
RestartSec=5s
ExecStartPre=-/sbin/modprobe br_netfilter
ExecStartPre=-/sbin/modprobe overlay
ExecStart=/usr/local/bin/k3s \\
    server \\
${quoted.join("")}
`;
}

/** What k3s' install.sh does with its unit at the end, after which the service has another command line and another start. */
export const installStarts = "systemctl daemon-reload; systemctl restart --no-block k3s.service";

/** Writes k3s' unit as its install line does; systemd says from then on what its files said at the last `daemon-reload`. */
export async function installK3sWith(host: SshHost, words: readonly string[]): Promise<void> {
  await mkdir(`${host.root}/etc/systemd/system`, { recursive: true });
  await writeFile(`${host.root}/etc/systemd/system/k3s.service`, installedUnit(words), { mode: 0o644 });
  await host.program("busctl", `exec ${unitStandIn} "$@"`);
}

/** Writes an archive of the cilium command as a release has it, and gives the line of a machine's `cilium` that pins it. */
export async function pinnedCli(folder: string, version = "v0.18.7"): Promise<string> {
  const inside = await mkdtemp(join(folder, "cli-"));
  const program = `#!/bin/sh\n# ${version}\n[ "$*" = "completion bash" ] && echo 'complete -F __start_cilium cilium'\n`;
  await writeFile(join(inside, "cilium"), program, { mode: 0o755 });
  const archive = join(folder, `cilium-${version}.tar.gz`);
  execFileSync("tar", ["-cz", "--mtime=@0", "-f", archive, "-C", inside, "cilium"]);
  const sum = sha256(await readFile(archive));
  return `cli: {version: ${version}, sha256: {amd64: ${sum}, arm64: ${sum}}, archive: ${archive}}`;
}

/**
 * Writes a binary of k3s and a chart, and gives the part of a machine's section that pins them; `cilium` has more of its section, and
 * `bytes` is how much larger the binary is than it need be.
 */
export async function pinnedArchives(
  folder: string,
  {
    version = "v1.36.4+k3s1",
    cilium = "",
    bytes = 0,
  }: { readonly version?: string; readonly cilium?: string; readonly bytes?: number } = {},
): Promise<string> {
  const program = k3sProgram(version, bytes);
  await writeFile(`${folder}/k3s-${version}`, program);
  await writeFile(`${folder}/cilium.tgz`, "a chart");
  const sum = sha256(program);
  return `
  k3s: {version: ${version}, sha256: {amd64: ${sum}, arm64: ${sum}}, archive: ${folder}/k3s-${version}}
  cilium: {sha256: ${sha256("a chart")}, archive: ${folder}/cilium.tgz${cilium === "" ? "" : `, ${cilium}`}}`;
}
